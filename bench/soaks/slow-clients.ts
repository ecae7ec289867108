import { readFileSync } from "node:fs";
import { until } from "@headrace/server/testing/until.ts";
import { type House, openHouse } from "../faults/house.ts";
import { upstreamIsFree } from "../faults/leave-everywhere.ts";
import { askAndLeave } from "../faults/raw-client.ts";
import { stallAfterHead } from "../faults/stalled-reader.ts";
import { newPlace } from "../place.ts";
import type { Soak } from "./soak-result.ts";

const stalledReaders = 50;
/** Some 70 MB in one stream: more than all buffers of the system on the way take. */
const longTokens = 400_000;
const longBytes = longTokens * 180;
const slowStreams = 2_000;
const slowPlan = "tokens=60 period=500";
const others = 200;
const sampleMs = 500;

/** Readers that stop reading long streams, then streams by the thousand that say little. */
export async function slowClients(): Promise<Soak> {
  await using place = await newPlace("embedded");
  await using house = await openHouse(place.environment);
  const broken: string[] = [];
  const memory = sampleMemory(house.pid);
  const idleMebibytes = memory.take();

  const readers = await Promise.all(
    Array.from({ length: stalledReaders }, (_, index) =>
      stallAfterHead({ ...house, lane: "chat", name: `stalled-${index}`, plan: `tokens=${longTokens}` }),
    ),
  );
  // Until the buffers on the way are full, the streams are floods like any others: they take the processor, not memory.
  let tries = 0;
  await until(async () => {
    const asked = { lane: "chat", stream: true, name: `first-${tries++}`, plan: "tokens=20" } as const;
    return (await house.ask(asked)).receipt.outcome === "whole";
  });
  broken.push(...(await askOthers(house, "while readers stand still")));
  await upstreamIsFree(house);
  const stalledMebibytes = memory.most();
  for (const reader of readers) house.keep({ ...(await reader.readOn()), outcome: "left" });
  const stalled = (await house.upstream.records()).filter((record) => record.case?.startsWith("stalled-"));
  const mostBytes = Math.max(...stalled.map(({ bytesWritten }) => bytesWritten));
  if (stalled.length !== stalledReaders) broken.push(`${stalled.length} of ${stalledReaders} stalled streams are over`);
  if (mostBytes > longBytes / 2) broken.push(`a reader that stood still was sent ${mostBytes} bytes`);

  memory.restart();
  // On sockets of their own: a process has at most 256 fetches under way.
  const slow = Promise.all(
    Array.from({ length: slowStreams }, (_, index) => {
      const client = { ...house, lane: "chat", name: `slow-${index}`, plan: slowPlan, how: "politely" } as const;
      return askAndLeave({ ...client, leaveAtByte: Number.POSITIVE_INFINITY });
    }),
  );
  broken.push(...(await askOthers(house, "beside slow streams")));
  for (const { receipt } of await slow) {
    house.keep(receipt);
    if (receipt.outcome !== "whole") broken.push(`${receipt.case}: ${receipt.outcome}, ${receipt.status}`);
  }
  const slowMebibytes = memory.most();
  memory.stop();
  const { findings, exitCode } = await house.close();
  broken.push(...findings);
  if (exitCode !== 0) broken.push(`the server ended with ${exitCode}`);
  return {
    title: "Readers that stand still, and streams that are slow",
    trials: stalledReaders + slowStreams,
    unit: "slow streams",
    figures: [
      ["readers that stood still", stalledReaders],
      ["of each stream the upstream could write, at most", `${(mostBytes / 1e6).toFixed(1)} of ${longBytes / 1e6} MB`],
      ["server's memory at rest", `${idleMebibytes} MiB`],
      ["server's memory with them, at most", `${stalledMebibytes} MiB`],
      ["slow streams at once", slowStreams],
      ["server's memory with those, at most", `${slowMebibytes} MiB`],
      ["other requests meanwhile", 2 * others],
    ],
    broken,
  };
}

/** Short requests that have to go on whatever the others do. */
async function askOthers(house: House, when: string): Promise<string[]> {
  const broken: string[] = [];
  for (let index = 0; index < others; index++) {
    const name = `other-${when.replaceAll(" ", "-")}-${index}`;
    const { receipt } = await house.ask({ lane: "chat", stream: true, name, plan: "tokens=20" });
    if (receipt.outcome !== "whole") broken.push(`${name}: ${receipt.outcome}, ${receipt.status}`);
  }
  return broken;
}

/** Follows the resident memory of a process, in MiB. */
function sampleMemory(pid: number) {
  let most = 0;
  const take = (): number => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const mebibytes = Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
    most = Math.max(most, mebibytes);
    return mebibytes;
  };
  const timer = setInterval(take, sampleMs);
  return {
    take,
    most: () => most,
    restart() {
      most = 0;
    },
    stop: () => clearInterval(timer),
  };
}
