import { afterAll, expect, test } from "bun:test";
import { type HealthParts, InstallationHealth } from "../../health/installation-health.ts";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const read = async () =>
  (await server.get("/headrace/v1/health", { authorization: `Bearer ${server.keys.operator}` })).json();

test("a server that is well says so, part by part", async () => {
  const health = (await read()) as { parts: Record<string, Record<string, unknown>>; uptime_seconds: number };
  const well = { status: "ok", problem: null };
  expect(health).toMatchObject({
    object: "headrace.health",
    status: "ok",
    version: expect.any(String),
    parts: {
      server: well,
      database: { ...well, kind: server.config.database.kind },
      journal: well,
      engine: { ...well, loaded_models: [], missing: [] },
      change_log: well,
      audit_checkpointer: { ...well, last_checkpoint_at: null, unsigned_events: 2 },
    },
  });
  expect(health.uptime_seconds).toBeGreaterThanOrEqual(0);
  expect(health.parts.database?.latency_ms).toBeGreaterThan(0);
  expect(health.parts.journal?.free_bytes).toBeGreaterThan(0);
  expect(health.parts.change_log?.lag_ms).toBeGreaterThanOrEqual(0);
});

test("a model that is wanted and not here makes it degraded; it still serves the rest", async () => {
  server.platform.models.want(["smollm2-135m-instruct"]);
  await server.platform.models.refresh();
  expect(await read()).toMatchObject({
    status: "degraded",
    parts: { engine: { status: "degraded", problem: expect.stringContaining("smollm2-135m-instruct") } },
  });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

/** Parts that are all well, but for what is given. */
function partsWith(over: Partial<HealthParts>): HealthParts {
  const well = <Facts>(facts: Facts) => ({
    isNeeded: true,
    problem: () => undefined,
    facts: async () => facts,
    unknown: () => facts,
  });
  return {
    server: well({}),
    database: well({ kind: "postgres", latency_ms: null, statements: 0 }),
    journal: well({ free_bytes: null, waiting_bytes: 0 }),
    engine: { ...well({ loaded_models: [], missing: [] }), isNeeded: false },
    change_log: well({ lag_ms: 1 }),
    audit_checkpointer: well({ last_checkpoint_at: null, unsigned_events: null }),
    ...over,
  };
}

test("a part that can't tell its facts is a problem of its own, not of the report", async () => {
  const parts = partsWith({});
  const facts = async () => Promise.reject(new Error("connection refused"));
  const health = new InstallationHealth({ ...parts, database: { ...parts.database, facts } });
  expect(await health.report()).toMatchObject({
    status: "degraded",
    parts: {
      database: { status: "degraded", problem: "connection refused", latency_ms: null },
      engine: { status: "ok" },
    },
  });
});

test("a part that hangs does not hang the report", async () => {
  const parts = partsWith({});
  const facts = () => new Promise<never>(() => {});
  const health = new InstallationHealth({ ...parts, database: { ...parts.database, facts } });
  expect(await health.report()).toMatchObject({
    parts: { database: { problem: expect.stringContaining("no answer within") } },
  });
});

test("readiness asks only for what serving needs, and names the same problems as the report", async () => {
  const parts = partsWith({});
  const problem = () => "it is away";
  const engineAway = new InstallationHealth({ ...parts, engine: { ...parts.engine, problem } });
  expect(engineAway.problems()).toEqual({});
  expect(await engineAway.report()).toMatchObject({ status: "degraded", parts: { engine: { problem: "it is away" } } });
  const journalAway = new InstallationHealth({ ...parts, journal: { ...parts.journal, problem } });
  expect(journalAway.problems()).toEqual({ journal: "it is away" });
  expect(await journalAway.report()).toMatchObject({ parts: { journal: { problem: "it is away" } } });
});
