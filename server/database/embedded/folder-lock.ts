import { dlopen, FFIType } from "bun:ffi";
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errnoSignature, openLinuxCLibrary, readErrno } from "../../system/c-library.ts";

/**
 * An exclusive lock of a data folder, by flock(2). The kernel lets go of it when the holder's last descriptor closes,
 * however the process ends: so nothing stale is left behind, a reused process id means nothing, and of two that start at
 * once exactly one wins. A pid file gives none of that; a bound socket leaves a file behind that can only be removed in
 * a race; an abstract socket is not seen across containers that share the folder. On NFS, Linux turns flock into a lock
 * of the server. Bun opens files close-on-exec, so children don't inherit the lock.
 */
export type FolderLock = {
  readonly path: string;
  release(): void;
};

/** Another living process holds the folder. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
  readonly folder: string;
  /** As the holder wrote it down; `undefined` where it has not done so yet. */
  readonly pid: number | undefined;

  constructor(folder: string, pid: number | undefined) {
    super(`${folder} is in use by ${pid === undefined ? "another process" : `the process ${pid}`}: one at a time`);
    this.folder = folder;
    this.pid = pid;
  }
}

const lockExclusiveNonBlocking = 2 | 4;
const retryMs = 20;

/**
 * Makes the folder if it is not there and locks it for as long as this process lives, or until `release`. Throws a
 * FolderInUseError where another process has it and does not let go within `waitMsMax` (default: does not wait).
 */
export async function acquireFolderLock(
  folder: string,
  options: { readonly name?: string; readonly waitMsMax?: number } = {},
): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, options.name ?? "lock");
  const descriptor = openSync(path, "a+", 0o600);
  const givesUpAt = performance.now() + (options.waitMsMax ?? 0);
  try {
    while (!tryLock(descriptor, path)) {
      if (performance.now() >= givesUpAt) throw new FolderInUseError(folder, holderOf(path));
      await delay(retryMs);
    }
    writeHolder(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  let isHeld = true;
  return {
    path,
    // The file stays: removing it would let one process lock the removed file and another a new one of the same name.
    release() {
      if (isHeld) closeSync(descriptor);
      isHeld = false;
    },
  };
}

/** The pid in the file is for people to read; a full disk must not keep the lock from being taken. */
function writeHolder(descriptor: number): void {
  try {
    ftruncateSync(descriptor, 0);
    writeSync(descriptor, `${process.pid}\n`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

function holderOf(path: string): number | undefined {
  const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
  return Number.isSafeInteger(pid) ? pid : undefined;
}

/** Whether the lock was had; throws where the file system knows no locks. */
function tryLock(descriptor: number, path: string): boolean {
  const system = systemCalls();
  if (system.flock(descriptor, lockExclusiveNonBlocking) === 0) return true;
  const code = system.errorNumber();
  if (code === system.wouldBlock) return false;
  throw new Error(`${path} can't be locked (errno ${code}): the data folder must be on a file system with flock`);
}

type SystemCalls = {
  flock(descriptor: number, operation: number): number;
  errorNumber(): number;
  readonly wouldBlock: number;
};

let loaded: SystemCalls | undefined;

/** flock of the C library: neither Node's nor Bun's API has it. */
function systemCalls(): SystemCalls {
  loaded ??= process.platform === "darwin" ? loadDarwin() : loadLinux();
  return loaded;
}

const flockSignature = { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } as const;

function loadDarwin(): SystemCalls {
  const { symbols } = dlopen("libSystem.B.dylib", { flock: flockSignature, __error: errnoSignature });
  return { flock: symbols.flock, errorNumber: () => readErrno(symbols.__error()), wouldBlock: 35 };
}

function loadLinux(): SystemCalls {
  const { functions, errorNumber } = openLinuxCLibrary({ flock: flockSignature }, "the data folder can't be locked");
  return { flock: functions.flock, errorNumber, wouldBlock: 11 };
}
