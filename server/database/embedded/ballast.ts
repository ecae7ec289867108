import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statfsSync, writeSync } from "node:fs";

/**
 * A file of real bytes that is given up when the disk is full. PGlite can't open its folder without room for some log
 * files, and an operator can't clean up a server that does not start. It is laid again when there is room.
 */
export const ballastBytes: number = 16 * 1024 * 1024;

/** With less than this free, the disk counts as full. */
const fullBelowBytes = 4 * 1024 * 1024;
/** Laid only where this much stays free: the ballast must not fill the disk itself. */
const spareBytesMin = 64 * 1024 * 1024;

export class Ballast {
  readonly #path: string;
  readonly #folder: string;
  readonly #spareBytesMin: number;

  /** `folder` must be on the disk of the database. */
  constructor(folder: string, path: string, options: { readonly spareBytesMin?: number } = {}) {
    this.#folder = folder;
    this.#path = path;
    this.#spareBytesMin = options.spareBytesMin ?? spareBytesMin;
  }

  get isLaid(): boolean {
    return existsSync(this.#path);
  }

  get isDiskFull(): boolean {
    return freeBytes(this.#folder) < fullBelowBytes;
  }

  /** Lays it where it is not there and there is room; returns whether it lies now. Only an unexpected error throws. */
  lay(): boolean {
    if (this.isLaid) return true;
    if (freeBytes(this.#folder) < ballastBytes + this.#spareBytesMin) return false;
    const unfinished = `${this.#path}.new`;
    try {
      writeWhole(unfinished);
      renameSync(unfinished, this.#path);
      return true;
    } catch (error) {
      rmSync(unfinished, { force: true });
      if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
      throw error;
    }
  }

  /** Gives it up; returns whether there was any. */
  release(): boolean {
    const wasLaid = this.isLaid;
    rmSync(this.#path, { force: true });
    return wasLaid;
  }
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Bytes that no file system can compress away or leave out. */
function writeWhole(path: string): void {
  const descriptor = openSync(path, "w", 0o600);
  try {
    const chunk = new Uint8Array(64 * 1024);
    for (let written = 0; written < ballastBytes; ) {
      crypto.getRandomValues(chunk);
      written += writeSync(descriptor, chunk);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
