import { fileURLToPath } from "node:url";
import type { ServerProcess } from "@headrace/server/testing/server-process.ts";
import { storedAttempts, storedDurations } from "@headrace/server/testing/stored-usage.ts";
import { type DatabaseKind, newPlace } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { endServer, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";
import { until } from "./until.ts";

export type ClockJumps = {
  readonly kind: DatabaseKind;
  readonly seed: number;
  /** How far a clock is off at most. Beyond a day a server does not start. */
  readonly hours: number;
  /** Answers in one piece, besides streams and background responses, after which it is over. */
  readonly chats: number;
  readonly backgroundResponses: number;
};

const jumpingClock = fileURLToPath(new URL("jumping-clock.ts", import.meta.url));

/** No request here takes as long; a clock that has jumped says so of most. */
const plausibleMs = 600_000;

type Background = { readonly id: string; readonly requestId: string };

/**
 * Servers whose clocks jump all the time, each by itself; on Postgres two of them. Promised: each request is booked once,
 * on whatever day; no duration is negative; leases go by the database's clock, so that nobody takes a background response
 * from whom it runs at; what is stored is found again.
 */
export async function clockJumps({ kind, seed, hours, chats, backgroundResponses }: ClockJumps): Promise<Soak> {
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
  const created: Background[] = [];
  for (let count = 0; count < backgroundResponses; count++) {
    const server = servers[count % servers.length];
    if (server !== undefined) created.push(await createBackground(server));
  }
  await until(() => loads.every((load) => load.whole() >= chats / loads.length));
  const receipts = (await Promise.all(loads.map((load) => load.stop()))).flat();
  const broken = receipts
    .filter(({ outcome }) => outcome !== "whole")
    .map(({ case: name, status, outcome }) => `request ${name}: ${outcome}, status ${status}`);
  for (const [index, { id }] of created.entries()) {
    // Asked at the other one, where there is one.
    const server = servers[(index + 1) % servers.length];
    if (server !== undefined) await until(async () => (await statusOf(server, id)) !== "in_progress");
    const status = server && (await statusOf(server, id));
    if (status !== "completed") broken.push(`${id} ended as ${status}`);
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
      ["background responses", created.length],
      ["days booked on", new Set(durations.map(({ day }) => day)).size],
    ],
    broken,
  };
}

async function createBackground(server: ServerProcess): Promise<Background> {
  const body = { model: "planned", input: "<plan tokens=60 period=50>", background: true };
  const answer = await server.send("POST", "/v1/responses", body);
  const { id } = (await answer.json()) as { id: string };
  return { id, requestId: answer.headers.get("x-request-id") ?? "" };
}

async function statusOf(server: ServerProcess, id: string): Promise<string> {
  const answer = await server.send("GET", `/v1/responses/${id}`);
  const { status = `HTTP ${answer.status}` } = (await answer.json()) as { status?: string };
  return status === "queued" ? "in_progress" : status;
}
