import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

export type Memory = { readonly residentMb: number; readonly proportionalMb: number; readonly processes: number };

/**
 * The memory of a process and all below it, from /proc/<pid>/smaps_rollup: RSS counts shared pages in every process,
 * PSS divides them. In MB of 1,000,000 bytes.
 */
export async function memoryOfTree(root: number): Promise<Memory> {
  return memoryOf(await treeOf(root));
}

/** As `memoryOfTree`, of these processes alone. */
export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const rollups = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, "utf8")));
  const sum = (field: string): number =>
    rollups.reduce((total, text) => total + Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]), 0);
  const megabytes = (kibibytes: number): number => (kibibytes * 1024) / 1e6;
  return { residentMb: megabytes(sum("Rss")), proportionalMb: megabytes(sum("Pss")), processes: pids.length };
}

/** Processor time that a process has had, all its threads together: fields 14 and 15 of proc(5), in ticks of 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** As `cpuSeconds`; undefined of a process that has ended. */
export function cpuSecondsWhileItRuns(pid: number): number | undefined {
  try {
    return cpuSeconds(pid);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

/**
 * Processor time that all of the machine's processes have had together, and what other machines on the same hardware took
 * from it: proc(5), the first line of /proc/stat. Interrupts are left out: the network's are of the work that is measured.
 */
export function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = readFileSync("/proc/stat", "utf8")
    .slice("cpu ".length)
    .split("\n", 1)
    .flatMap((line) => line.trim().split(" ").map(Number));
  return (user + nice + system + steal) / 100;
}

/** The process that a process was started by. @throws the file system's error where it can't be looked into. */
export async function parentOf(pid: number): Promise<number> {
  return parentIn(await readFile(`/proc/${pid}/stat`, "utf8"));
}

/** The process and all its descendants. */
export async function treeOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => {
      // It ended between its listing and its reading.
      return undefined;
    });
    if (stat !== undefined) parents.set(Number(name), parentIn(stat));
  }
  const tree = [root];
  for (const pid of tree) tree.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child));
  return tree;
}

function parentIn(stat: string): number {
  return Number(fieldsOf(stat)[1]);
}

/** What stands behind the name of a /proc/<pid>/stat, in which there can be anything: from field 3 on. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
