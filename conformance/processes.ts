import { readdir, readFile } from "node:fs/promises";

/**
 * The process below `parent` whose command line holds `part`. Linux only, from proc(5).
 * @throws Error where there is none.
 */
export async function childProcess(parent: number, part: string): Promise<number> {
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (await parentOf(pid)) !== parent) continue;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(ignoreEnded);
    if (commandLine?.includes(part)) return pid;
  }
  throw new Error(`process ${parent} has no child with ${part} in its command line`);
}

/** The fourth field of `stat`; the second one is the program's name in brackets, which may hold anything. */
async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(ignoreEnded);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[1] === undefined ? undefined : Number(fields[1]);
}

/** A process may end between its listing and its reading. */
function ignoreEnded(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ESRCH") throw error;
  return undefined;
}
