import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { acquireFolderLock, FolderInUseError, type FolderLock } from "../database/embedded/folder-lock.ts";

/** A folder of one process within the journal, locked for as long as that process lives. */
export type InstanceFolder = {
  readonly path: string;
  /** Lets another process have it, as it is. */
  release(): void;
  /** Removes it with all it holds. */
  remove(): void;
};

const lockName = "owner";
const attemptsMax = 5;

/**
 * Makes a folder of a new name in `root`, and runs `prepare` when it is locked. A process that replays may take and
 * remove the folder between its making and its locking: then the next name is tried.
 */
export async function createInstanceFolder<Result>(
  root: string,
  prepare: (path: string) => Result,
): Promise<{ readonly folder: InstanceFolder; readonly prepared: Result }> {
  for (let attempt = 1; ; attempt++) {
    const path = join(root, `${Date.now().toString(16)}-${randomBytes(6).toString("hex")}`);
    let lock: FolderLock | undefined;
    try {
      lock = await acquireFolderLock(path, { name: lockName });
      return { prepared: prepare(path), folder: locked(path, lock) };
    } catch (error) {
      lock?.release();
      if (attempt === attemptsMax || !wasTaken(error)) throw error;
    }
  }
}

/** Names of the folders in `root`: of living and of dead processes, oldest first. */
export async function listInstanceFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]+-[0-9a-f]{12}$/.test(entry.name))
    .map((entry) => join(root, entry.name))
    .sort();
}

/** Takes over the folder of a dead process; undefined where its process lives, or another one has taken it over. */
export async function takeOverInstanceFolder(path: string): Promise<InstanceFolder | undefined> {
  try {
    return locked(path, await acquireFolderLock(path, { name: lockName }));
  } catch (error) {
    if (wasTaken(error)) return undefined;
    throw error;
  }
}

function locked(path: string, lock: FolderLock): InstanceFolder {
  return {
    path,
    release: () => lock.release(),
    remove() {
      rmSync(path, { recursive: true, force: true });
      lock.release();
    },
  };
}

function wasTaken(error: unknown): boolean {
  return error instanceof FolderInUseError || (error instanceof Error && "code" in error && error.code === "ENOENT");
}
