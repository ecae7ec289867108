import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 250;
/** A lock of another machine counts as left behind then: nobody here can tell whether its owner lives. */
const abandonedAfterMs = 10 * 60_000;

/**
 * Runs `work` while no other start of this checkout does. The lock is a folder with a file of its owner's name in it. A
 * folder can be renamed to another's place where that is free or empty, so a lock has its owner from its first moment;
 * and a lock whose owner is gone is taken over by removing the file of just that name, which can't be another's.
 */
export async function withInstallLock(folder, work) {
  const name = `${hostname()} ${process.pid}`;
  let announced = false;
  for (;;) {
    const owner = ownerOf(folder);
    if (owner === undefined) {
      if (take(folder, name)) break;
    } else if (isAbandoned(folder, owner)) {
      rmSync(join(folder, owner), { recursive: true, force: true });
    } else {
      if (!announced) process.stderr.write(`headrace: waiting for another start that is installing (${owner})\n`);
      announced = true;
      await sleep(pollMs);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(join(folder, name), { force: true });
    removeWhereEmpty(folder);
  }
}

function take(folder, name) {
  // With the machine's name: containers that share a checkout have the same process ids.
  const own = `${folder}.${name}`;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  writeFileSync(join(own, name), "");
  try {
    renameSync(own, folder);
    return true;
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(folder) {
  try {
    return readdirSync(folder)[0];
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAbandoned(folder, owner) {
  const [host, pid] = owner.split(" ");
  if (host === hostname() && pid) return !isAlive(Number(pid));
  const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs > abandonedAfterMs;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function removeWhereEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch (error) {
    // Another start has it already.
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(error.code)) throw error;
  }
}
