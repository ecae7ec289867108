import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@headrace/server/testing/until.ts";
import type { DatabaseKind } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { breakablePlace } from "./breakable-database.ts";
import { randomFrom } from "./random.ts";
import { missingResponses, startResponseWriter } from "./responses.ts";
import { endServer, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";

export type DatabaseKills = {
  readonly kind: DatabaseKind;
  readonly seed: number;
  readonly kills: number;
  readonly streams: number;
  readonly wholesPerSecond: number;
  /** The longest time that it is left alone between two kills, in milliseconds. */
  readonly lifeMsMax: number;
};

/**
 * `kill -9` of the database in mid-load. Promised: requests with known keys go on, or are refused with 503; no stream is
 * touched; what was acknowledged is there, and the books agree.
 */
export async function killDatabase({ kind, seed, kills, lifeMsMax, ...load }: DatabaseKills): Promise<Soak> {
  await using place = await breakablePlace(kind);
  await using scene = await openScene(place);
  const random = randomFrom(seed);
  const server = await scene.start();
  const clients = startSteadyLoad(scene, server, {
    streams: load.streams,
    streamPlan: "tokens=40 period=25",
    wholesPerSecond: load.wholesPerSecond,
    wholePlan: "tokens=4 delay=20",
  });
  const writer = startResponseWriter(server);
  const served = async (): Promise<void> => {
    const [wholes, written] = [clients.whole(), writer.acknowledged.length];
    await until(() => clients.whole() > wholes + load.streams && writer.acknowledged.length > written + 2);
    await until(async () => (await fetch(`${server.url}/readyz`)).ok);
  };
  await served();
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.next() * lifeMsMax);
    await place.killDatabase(server);
    await served();
  }
  const [receipts] = await Promise.all([clients.stop(), writer.stop()]);
  const broken = await missingResponses(server, writer.acknowledged);
  const odd = receipts.filter(({ outcome }) => outcome !== "whole");
  for (const { case: name, status, outcome } of odd) {
    if (status !== 503) broken.push(`request ${name}: ${outcome}, status ${status}`);
  }
  for (const status of writer.refusals) if (status !== 503) broken.push(`a response was refused with ${status}`);
  broken.push(...(await endServer(server)));
  broken.push(...(await scene.books(server)).findings);
  return {
    title: `kill -9 of the database, ${kind}`,
    trials: kills,
    unit: "kills of the database",
    seed,
    figures: [
      ["chats", receipts.length],
      ["chats refused with 503", odd.length],
      ["responses acknowledged", writer.acknowledged.length],
      ["responses refused with 503", writer.refusals.length],
    ],
    broken,
  };
}
