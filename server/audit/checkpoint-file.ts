import { createReadStream } from "node:fs";
import { open, truncate } from "node:fs/promises";
import { errorCodeOf } from "../config/config-error.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { checkpointLine, parseCheckpointLine } from "./checkpoint-line.ts";

/** A line of the file that is no checkpoint; counted from 1. */
export type UnreadableLine = { readonly unreadableLine: number };

/** No line of ours is longer; what is, is not read into memory whole. */
const lineCharactersMax = 4_096;

/**
 * The checkpoints of this process, appended beside the database and meant to be carried away: `<data>/audit-checkpoints.jsonl`,
 * JSON lines, mode 0600.
 */
export class CheckpointFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** On disk when it returns. Throws the file system's error. */
  async append(checkpoints: readonly Checkpoint[]): Promise<void> {
    if (checkpoints.length === 0) return;
    await this.#cutTornLine();
    const file = await open(this.path, "a", 0o600);
    try {
      await file.writeFile(checkpoints.map((checkpoint) => `${checkpointLine(checkpoint)}\n`).join(""));
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /**
   * What the file holds, in its order. A last line without an end is one that is being written, or that a crash has cut;
   * the database has its checkpoint. A file that does not exist holds nothing.
   */
  async *read(): AsyncGenerator<Checkpoint | UnreadableLine> {
    let number = 0;
    for await (const text of completeLines(this.path)) {
      number += 1;
      yield parseCheckpointLine(text) ?? { unreadableLine: number };
    }
  }

  /** Removes what a crash left of a line, so that the next one does not join it. */
  async #cutTornLine(): Promise<void> {
    const tail = await readTail(this.path, lineCharactersMax);
    if (tail === undefined || tail.bytes.length === 0 || tail.bytes.at(-1) === newline) return;
    const lastEnd = tail.bytes.lastIndexOf(newline);
    if (lastEnd === -1 && tail.offset > 0) return;
    await truncate(this.path, tail.offset + lastEnd + 1);
  }
}

const newline = 0x0a;

async function readTail(path: string, bytesMax: number): Promise<{ offset: number; bytes: Buffer } | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const offset = Math.max(0, size - bytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - offset), 0, size - offset, offset);
    return { offset, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}

async function* completeLines(path: string): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
      const lines = (rest + String(chunk)).split("\n");
      rest = (lines.pop() ?? "").slice(0, lineCharactersMax);
      yield* lines;
    }
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT") throw error;
  }
}
