import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SmallDisk } from "@headrace/server/testing/small-disk.ts";
import { until } from "@headrace/server/testing/until.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { missingResponses, startResponseWriter } from "./responses.ts";
import { endServer, oddLines, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";

/** A full disk takes no ends: what was over when the server was killed is booked with its tokens, as interrupted. */
const withoutItsEnd = /: booked as interrupted, though/;

/**
 * The disk of a server on the embedded database runs full in mid-load; the server is killed and started again on the full
 * disk, by the ballast that it has laid since. Promised: requests are refused with 503, it starts again, it takes requests when there is room, and what was
 * acknowledged is there.
 */
export async function fillDisk(disk: SmallDisk, rounds: number): Promise<Soak> {
  const place = { folder: disk.path, environment: {}, [Symbol.asyncDispose]: async () => {} };
  await using scene = await openScene(place);
  const broken: string[] = [];
  const acknowledged: string[] = [];
  let refused = 0;
  let server = await scene.start();
  for (let round = 0; round < rounds; round++) {
    const clients = startSteadyLoad(scene, server, {
      streams: 10,
      streamPlan: "tokens=40 period=10",
      wholesPerSecond: 20,
      wholePlan: "tokens=4",
    });
    const before = startResponseWriter(server);
    await until(() => clients.whole() > 20 && before.acknowledged.length > 5);
    await until(() => existsSync(join(disk.path, "server", "data", "ballast")));
    const giveBack = disk.fill();
    await until(() => before.refusals.length > 0);
    const receipts = clients.stop();
    await before.stop();
    acknowledged.push(...before.acknowledged);
    refused += before.refusals.length;
    for (const status of before.refusals) if (status !== 503) broken.push(`a response was refused with ${status}`);
    for (const { status, outcome } of await receipts) {
      if (status === 0 || outcome === "cut") broken.push(`a chat was cut, with status ${status}`);
    }
    broken.push(...oddLines(server));
    server.kill("SIGKILL");
    await server.exited;

    server = await scene.start();
    broken.push(...(await missingResponses(server, acknowledged)));
    giveBack();
    const after = startResponseWriter(server);
    await until(() => after.acknowledged.length > 5);
    await after.stop();
    acknowledged.push(...after.acknowledged);
    await until(async () => (await scene.ask(server, { plan: "tokens=3", stream: true })).outcome === "whole");
  }
  broken.push(...(await missingResponses(server, acknowledged)));
  broken.push(...(await endServer(server)));
  const books = await scene.books(server);
  broken.push(...books.findings.filter((finding) => !withoutItsEnd.test(finding)));
  return {
    title: "A full disk under the embedded database",
    trials: rounds,
    unit: "full disks",
    figures: [
      ["responses acknowledged, all there", acknowledged.length],
      ["responses refused", refused],
      ["requests booked", books.requests],
    ],
    broken,
  };
}
