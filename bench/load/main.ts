import { setTimeout as sleep } from "node:timers/promises";
import { busySeconds, cpuSecondsWhileItRuns, memoryOf, treeOf } from "../process-tree.ts";
import type { LoadJob, LoadResult } from "./job.ts";
import { startLoad } from "./patterns.ts";
import { Tally } from "./tally.ts";

/** `bun bench/load/main.ts < job.json`: runs one job, prints its result as one line of JSON. */
async function main(): Promise<void> {
  const job = JSON.parse(await Bun.stdin.text()) as LoadJob;
  const tally = new Tally();
  const load = await startLoad(job, tally);
  await sleep(job.warmMs);
  const watched = await watchedProcesses(job);
  const before = cpuNow(watched);
  const busyBefore = busySeconds();
  const startedMs = performance.now();
  tally.isOpen = true;
  await sleep(job.windowMs);
  tally.isOpen = false;
  const after = cpuNow(watched);
  const busy = busySeconds() - busyBefore;
  const seconds = (performance.now() - startedMs) / 1000;
  const residentMb: Record<string, number> = {};
  for (const name of watched.keys())
    residentMb[name] = (await memoryOf([...(after.get(name)?.keys() ?? [])])).residentMb;
  load.stop();
  const cpu = Object.fromEntries([...after].map(([name, processes]) => [name, growth(before.get(name), processes)]));
  const ours = Object.values(cpu).reduce((sum, each) => sum + each, 0);
  const otherCores = Math.max(0, busy - ours) / seconds;
  const result: LoadResult = { ...tally.result(), seconds, cpu, otherCores, residentMb };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

async function watchedProcesses({ watched }: LoadJob): Promise<Map<string, readonly number[]>> {
  const named = new Set(Object.values(watched));
  const processes = new Map<string, readonly number[]>();
  for (const [name, root] of Object.entries(watched)) {
    processes.set(
      name,
      (await treeOf(root)).filter((pid) => pid === root || !named.has(pid)),
    );
  }
  return processes;
}

/** Seconds of each process, by name and pid. A database's processes come and go: one that has ended is left out. */
function cpuNow(watched: ReadonlyMap<string, readonly number[]>): Map<string, Map<number, number>> {
  const { user, system } = process.cpuUsage();
  const now = new Map([["load", new Map([[process.pid, (user + system) / 1e6]])]]);
  for (const [name, pids] of watched) {
    const seconds = pids.map((pid) => [pid, cpuSecondsWhileItRuns(pid)] as const);
    now.set(name, new Map(seconds.filter((pair): pair is [number, number] => pair[1] !== undefined)));
  }
  return now;
}

/** What processes that are in both have had in between, in seconds. */
function growth(before: ReadonlyMap<number, number> | undefined, after: ReadonlyMap<number, number>): number {
  return [...after].reduce((sum, [pid, seconds]) => sum + seconds - (before?.get(pid) ?? seconds), 0);
}

await main();
