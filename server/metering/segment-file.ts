import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { segmentMagic } from "./journal-records.ts";

const suffix = ".log";

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, "0")}${suffix}`);
}

/** The number of a segment file; undefined for the name of any other file. */
export function segmentNumber(fileName: string): number | undefined {
  return /^\d{8,}\.log$/.test(fileName) ? Number.parseInt(fileName, 10) : undefined;
}

/**
 * A file that records are appended to, one write call each: when `append` returns, the bytes are the kernel's, and
 * survive the process. It does not wait for the disk: a loss of power may take the last seconds.
 */
export class SegmentFile {
  readonly number: number;
  readonly path: string;
  readonly #descriptor: number;
  readonly #inode: number;
  #length = 0;
  /** Bytes of a failed append may stand behind `#length`; they must be gone before anything else is written. */
  #isTorn = false;

  /** Makes the file, with its head and `content`. Throws the file system's error, and then leaves no file behind. */
  constructor(folder: string, number: number, content: Uint8Array) {
    this.number = number;
    this.path = segmentPath(folder, number);
    this.#descriptor = openSync(this.path, "wx", 0o600);
    try {
      this.#inode = statSync(this.path).ino;
      this.append(Buffer.from(segmentMagic, "latin1"));
      if (content.length > 0) this.append(content);
    } catch (error) {
      closeSync(this.#descriptor);
      removeSegment(this.path);
      throw error;
    }
  }

  /** Bytes that stand in it for good. */
  get length(): number {
    return this.#length;
  }

  /** Appends all of the bytes, or throws the file system's error and appends none. */
  append(bytes: Uint8Array): void {
    if (this.#isTorn) this.#cutTornBytes();
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#length + written);
      }
    } catch (error) {
      this.#isTorn = true;
      throw error;
    }
    this.#length += bytes.length;
  }

  /** Whether the file can still be found under its name; a writer of a removed file notices nothing. */
  isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #cutTornBytes(): void {
    ftruncateSync(this.#descriptor, this.#length);
    this.#isTorn = false;
  }
}

/** Removes a segment; one that is gone already is no error. */
export function removeSegment(path: string): void {
  rmSync(path, { force: true });
}
