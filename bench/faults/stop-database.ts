import { setTimeout as sleep } from "node:timers/promises";
import type { ServerProcess } from "@headrace/server/testing/server-process.ts";
import { until } from "@headrace/server/testing/until.ts";
import type { DatabaseKind } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { breakablePlace } from "./breakable-database.ts";
import { endServer, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";

export type DatabaseStop = {
  readonly kind: DatabaseKind;
  readonly streams: number;
  readonly wholesPerSecond: number;
  /** How long it stays away after everything has noticed, in milliseconds. */
  readonly awayMs: number;
};

type Refusal = { readonly status: number; readonly retryAfter: string | null };

/**
 * SIGSTOP to all of the database's processes. Promised: chats go on for as long as keys are known to be good (10 s), then
 * are refused with 503; streams end whole; what needs the database is refused with 503 and Retry-After; /livez says 200
 * and /readyz why not; when it goes on, so does all, and each request is booked once.
 */
export async function stopDatabase({ kind, awayMs, ...load }: DatabaseStop): Promise<Soak> {
  await using place = await breakablePlace(kind);
  await using scene = await openScene(place);
  const server = await scene.start();
  const broken: string[] = [];
  const expectRefusal = (what: string, { status, retryAfter }: Refusal): void => {
    if (status !== 503 || !(Number(retryAfter) >= 1)) broken.push(`${what}: ${status}, Retry-After ${retryAfter}`);
  };
  const clients = startSteadyLoad(scene, server, {
    streams: load.streams,
    streamPlan: "tokens=100 period=40",
    wholesPerSecond: load.wholesPerSecond,
    wholePlan: "tokens=4 delay=20",
  });
  await until(() => clients.whole() > load.wholesPerSecond);

  const goOn = await place.pauseDatabase(server);
  const before = clients.whole();
  const waiting = askForStored(server);
  await until(() => clients.whole() > before);
  expectRefusal("a stored response while the database hangs", await waiting);
  await until(async () => (await fetch(`${server.url}/readyz`)).status === 503);
  const { problems } = (await (await fetch(`${server.url}/readyz`)).json()) as { problems: Record<string, string> };
  if (problems.database === undefined) broken.push(`/readyz names ${Object.keys(problems).join()}`);
  // Keys are not known to be good any more.
  await until(async () => (await scene.ask(server, { plan: "tokens=1", stream: false })).status === 503);
  expectRefusal("a later request", await askForStored(server));
  await sleep(awayMs);
  const live = (await fetch(`${server.url}/livez`)).status;
  if (live !== 200) broken.push(`/livez is ${live}`);

  goOn();
  await until(async () => (await fetch(`${server.url}/readyz`)).ok);
  await until(async () => (await scene.ask(server, { plan: "tokens=1", stream: false })).outcome === "whole");
  const stored = await askForStored(server);
  if (stored.status !== 404) broken.push(`after it, an unknown response is answered with ${stored.status}`);
  const receipts = await clients.stop();
  const odd = receipts.filter(({ outcome }) => outcome !== "whole");
  for (const { case: name, status, outcome } of odd) {
    if (status !== 503) broken.push(`request ${name}: ${outcome}, status ${status}`);
  }
  broken.push(...(await endServer(server)));
  const books = await scene.books(server);
  broken.push(...books.findings);
  return {
    title: `The database stopped, ${kind}`,
    trials: books.requests,
    unit: "requests around a database that gave no answer",
    figures: [
      ["chats refused with 503", odd.length],
      ["chats answered meanwhile and around", receipts.length - odd.length],
      ["tokens received, metered, written", Object.values(books.tokens).join(", ")],
    ],
    broken,
  };
}

async function askForStored(server: ServerProcess): Promise<Refusal> {
  const answer = await server.send("GET", "/v1/responses/resp_0123456789abcdef0123456789abcdef");
  await answer.text();
  return { status: answer.status, retryAfter: answer.headers.get("retry-after") };
}
