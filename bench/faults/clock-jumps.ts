import { fileURLToPath } from "node:url";
import type { ServerProcess } from "@headrace/server/testing/server-process.ts";
import { storedAttempts, storedDurations } from "@headrace/server/testing/stored-usage.ts";
import { until } from "@headrace/server/testing/until.ts";
import { type DatabaseKind, newPlace } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { endServer, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";

export type ClockJumps = {
  readonly kind: DatabaseKind;
  readonly seed: number;
  /** How far a clock is off at most. Beyond a day a server does not start. */
  readonly hours: number;
  /** Chats besides the responses, after which it is over. */
  readonly chats: number;
  readonly responses: number;
};

const jumpingClock = fileURLToPath(new URL("jumping-clock.ts", import.meta.url));

/** No request here takes as long; a clock that has jumped says so of most. */
const plausibleMs = 600_000;

type Created = { readonly id: string; readonly requestId: string };
type Retrieved = { readonly status: string; readonly created_at: number; readonly completed_at: number };

const runningStatuses = new Set(["queued", "in_progress"]);

/**
 * Servers whose clocks jump all the time, each by itself; on Postgres two of them. Promised: each request is booked once,
 * on whatever day; no duration is negative; leases go by the database's clock, so that nobody takes a background response
 * from whom it runs at; what is stored is found again.
 */
export async function clockJumps({ kind, seed, hours, chats, responses }: ClockJumps): Promise<Soak> {
  await using place = await newPlace(kind);
  await using scene = await openScene(place);
  const servers: ServerProcess[] = [];
  for (let index = 0; index < (kind === "postgres" ? 2 : 1); index++) {
    const environment = { CLOCK_JUMP_SEED: String(seed + index), CLOCK_JUMP_HOURS: String(hours) };
    servers.push(await scene.start({ name: String(index), environment, preload: jumpingClock }));
  }
  const loads = servers.map((server) =>
    startSteadyLoad(scene, server, {
      streams: 5,
      streamPlan: "tokens=40 period=20",
      wholesPerSecond: 40,
      wholePlan: "tokens=4 delay=20",
    }),
  );
  const created = await Promise.all(
    Array.from({ length: responses }, (_, index) =>
      createResponse(servers[index % servers.length] as ServerProcess, index % 4 < 2),
    ),
  );
  await until(() => loads.every((load) => load.whole() >= chats / loads.length));
  const receipts = (await Promise.all(loads.map((load) => load.stop()))).flat();
  // An overloaded machine may refuse with 503; a clock is no reason for anything else.
  const broken = receipts
    .filter(({ outcome, status }) => outcome !== "whole" && status !== 503)
    .map(({ case: name, status, outcome }) => `request ${name}: ${outcome}, status ${status}`);
  for (const [index, { id }] of created.entries()) {
    // Asked at the other one, where there is one.
    const server = servers[(index + 1) % servers.length];
    if (server !== undefined) await until(async () => !runningStatuses.has((await retrieve(server, id)).status));
    if (server === undefined) continue;
    const { status, created_at: createdAt, completed_at: completedAt } = await retrieve(server, id);
    if (status !== "completed") broken.push(`${id} ended as ${status}`);
    else if (completedAt < createdAt)
      broken.push(`${id} was completed ${createdAt - completedAt} s before it was made`);
  }
  for (const server of servers) broken.push(...(await endServer(server)));
  const settings = servers[0]?.settings ?? {};
  const attempts = await storedAttempts(
    settings,
    created.map(({ requestId }) => requestId),
  );
  for (const [index, booked] of attempts.entries()) {
    if (booked.length !== 1) broken.push(`${created[index]?.id} was run ${booked.length} times`);
  }
  const durations = await storedDurations(settings);
  for (const { latencyMs, timeToFirstTokenMs } of durations) {
    const firstMs = timeToFirstTokenMs ?? 0;
    if (latencyMs < 0 || latencyMs > plausibleMs || firstMs < 0 || firstMs > latencyMs)
      broken.push(`a request took ${latencyMs} ms, ${timeToFirstTokenMs} to its first token`);
  }
  const [first] = servers;
  if (first !== undefined) broken.push(...(await scene.books(first)).findings);
  return {
    title: `Clocks that jump, ${kind}`,
    trials: receipts.length + created.length,
    unit: "requests under jumping clocks",
    seed,
    figures: [
      ["processes", servers.length],
      ["jumps of up to", `${hours} h, ten a second`],
      ["stored responses, every other one in the background", created.length],
      ["days booked on", new Set(durations.map(({ day }) => day)).size],
    ],
    broken,
  };
}

async function createResponse(server: ServerProcess, background: boolean): Promise<Created> {
  const body = { model: "planned", input: "<plan tokens=60 period=50>", background };
  for (;;) {
    const answer = await server.send("POST", "/v1/responses", body);
    const { id } = (await answer.json()) as { id: string };
    if (answer.status !== 503) return { id, requestId: answer.headers.get("x-request-id") ?? "" };
  }
}

async function retrieve(server: ServerProcess, id: string): Promise<Retrieved> {
  for (;;) {
    const answer = await server.send("GET", `/v1/responses/${id}`);
    const response = (await answer.json()) as Retrieved;
    if (answer.status !== 503) return response;
  }
}
