import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { appendChange } from "@headrace/server/database/change-log-store.ts";
import { openDatabase } from "@headrace/server/database/connect.ts";
import { type Figure, medianOf, quantileOf, type Section } from "../figure.ts";
import { newPlace } from "../place.ts";

const processes = 3;
const trials = 50;
const lateMs = 5_000;
const secondsMax = 1;
const keysFile = "first-keys.json";
const trialMsMax = 30_000;
const kinds = ["a key is made", "its scopes are narrowed", "its organization is suspended", "it is revoked"] as const;

type Kind = (typeof kinds)[number];
type Keys = { readonly admin: string; readonly operator: string };

/** How long after a change's answer all processes go by it: quiet, and with transactions that stay open for long. */
export async function news(): Promise<Section> {
  if (process.env.HEADRACE_TEST_DATABASE_URL === undefined) {
    throw new Error("--only news needs HEADRACE_TEST_DATABASE_URL: several processes share a Postgres only");
  }
  await using place = await newPlace("postgres");
  const environment = {
    ...place.environment,
    HEADRACE_MODELS: "none",
    HEADRACE_SECRET: randomBytes(32).toString("base64url"),
  };
  const servers: RunningServer[] = [];
  try {
    for (let index = 0; index < processes; index++) {
      const folder = join(place.folder, String(index));
      const dataFolder = join(folder, "data");
      await mkdir(dataFolder, { recursive: true });
      // Only the first one of an installation writes down the keys.
      const home = servers[0]?.settings.HEADRACE_DATA;
      if (home !== undefined) await copyFile(join(home, keysFile), join(dataFolder, keysFile));
      servers.push(await startServer({ folder, environment }));
    }
    const figures = figuresOf("nobody else writes", await runTrials(servers));
    await using _late = holdTransactionsOpen(place.environment.HEADRACE_DATABASE_URL ?? "");
    figures.push(...figuresOf(`others commit after ${lateMs / 1000} s`, await runTrials(servers)));
    return {
      title: "Changes that every process goes by",
      method: `${processes} processes on one Postgres database; ${trials} keys, each made, narrowed, suspended with its organization, taken up again and revoked, at one process in turn: ${trials * kinds.length} trials each time. From the change's answer until the last process goes by it, each asked again and again. The late writers are two transactions at any time, each of which has written a change and commits ${lateMs / 1000} s later.`,
      figures,
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function figuresOf(when: string, measured: ReadonlyMap<Kind, readonly number[]>): Figure[] {
  const all = [...measured.values()].flat();
  const p99Seconds = quantileOf(all, 0.99) / 1000;
  const worst = (Math.max(...all) / 1000).toFixed(2);
  return [
    {
      name: `${when}: all ${all.length}`,
      asked: `p99 <= ${secondsMax} s`,
      reached: `p50 ${(medianOf(all) / 1000).toFixed(2)} s, p99 ${p99Seconds.toFixed(2)} s, longest ${worst} s`,
      isMet: p99Seconds <= secondsMax,
    },
    ...kinds.map((kind) => {
      const values = measured.get(kind) ?? [];
      const p99 = (quantileOf(values, 0.99) / 1000).toFixed(2);
      return { name: `${when}: ${kind}`, reached: `p50 ${(medianOf(values) / 1000).toFixed(2)} s, p99 ${p99} s` };
    }),
  ];
}

async function runTrials(servers: readonly RunningServer[]): Promise<ReadonlyMap<Kind, readonly number[]>> {
  const [first] = servers;
  if (first === undefined) throw new Error("no server");
  const path = join(first.settings.HEADRACE_DATA ?? "", keysFile);
  const { operator } = JSON.parse(await readFile(path, "utf8")) as Keys;
  const measured = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let trial = 0; trial < trials; trial++) {
    const at = servers[trial % servers.length] ?? first;
    const call = caller(at);
    const note = async (kind: Kind, key: string, status: number): Promise<void> => {
      measured.get(kind)?.push(await untilAll(servers, key, status));
    };
    const organization = await call<{ id: string; admin_api_key: { value: string } }>(
      operator,
      "POST",
      "/headrace/v1/organizations",
      { name: `Trial ${trial}` },
    );
    const admin = organization.admin_api_key.value;
    const project = await call<{ id: string }>(admin, "POST", "/v1/organization/projects", { name: "p" });
    const inProject = `/v1/organization/projects/${project.id}`;
    const { api_key: key } = await call<{ api_key: { id: string; value: string } }>(
      admin,
      "POST",
      `${inProject}/service_accounts`,
      { name: "a" },
    );
    await note("a key is made", key.value, 200);
    const keyPath = `${inProject}/api_keys/${key.id}`;
    await call(admin, "POST", keyPath, { scopes: ["api.responses.read"] });
    await note("its scopes are narrowed", key.value, 403);
    await call(admin, "POST", keyPath, { scopes: [] });
    await untilAll(servers, key.value, 200);
    const organizationPath = `/headrace/v1/organizations/${organization.id}`;
    await call(operator, "POST", organizationPath, { status: "suspended" });
    await note("its organization is suspended", key.value, 403);
    await call(operator, "POST", organizationPath, { status: "active" });
    await untilAll(servers, key.value, 200);
    await call(admin, "DELETE", keyPath);
    await note("it is revoked", key.value, 401);
  }
  return measured;
}

function caller({ url }: RunningServer) {
  return async <Answer>(key: string, method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
    return JSON.parse(text) as Answer;
  };
}

/** Milliseconds until every process has answered with this status. */
async function untilAll(servers: readonly RunningServer[], key: string, status: number): Promise<number> {
  const startedMs = performance.now();
  const headers = { authorization: `Bearer ${key}` };
  await Promise.all(
    servers.map(async ({ baseUrl }) => {
      for (;;) {
        const response = await fetch(`${baseUrl}/models`, { headers });
        await response.text();
        if (response.status === status) return;
        if (performance.now() - startedMs > trialMsMax) throw new Error(`still ${response.status}, not ${status}`);
        await sleep(2);
      }
    }),
  );
  return performance.now() - startedMs;
}

/** Two writers at a time that commit late, in turns, so that one is always open. */
function holdTransactionsOpen(url: string): AsyncDisposable {
  const database = openDatabase({ kind: "postgres", url }, { as: "owner" });
  const stopping = new AbortController();
  const hold = async (topic: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      await database.db.transaction().execute(async (transaction) => {
        await appendChange(transaction, topic, "late");
        await sleep(lateMs, undefined, { signal: stopping.signal }).catch(() => {
          // The measurement is over: commit now.
        });
      });
    }
  };
  const holding = Promise.all([hold("api_keys"), sleep(lateMs / 2).then(() => hold("nobody"))]);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await holding;
      await database.close();
    },
  };
}
