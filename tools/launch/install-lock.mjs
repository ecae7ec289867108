import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 250;
/** A lock of another machine or without an owner (a start that was killed as it took it) counts as left behind then. */
const abandonedAfterMs = 10 * 60_000;

/**
 * Runs `work` while no other start of this checkout does. The lock is a folder, which is made or refused in one step;
 * it names its owner, so that one whose process is gone is taken over at once.
 */
export async function withInstallLock(folder, work) {
  for (let announced = false; !take(folder); announced = true) {
    const owner = readOwner(folder);
    if (isAbandoned(folder, owner)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (!announced) process.stderr.write(`headrace: waiting for another start that is installing (${owner ?? "?"})\n`);
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(folder, "owner"), `${hostname()} ${process.pid}`);
  return true;
}

function readOwner(folder) {
  try {
    return readFileSync(join(folder, "owner"), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAbandoned(folder, owner) {
  const [host, pid] = owner?.split(" ") ?? [];
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
