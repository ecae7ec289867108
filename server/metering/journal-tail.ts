import { closeSync, openSync, read } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { type AccountedRequest, RequestAssembler } from "./accounted-request.ts";
import { recordBytesMax, segmentMagic } from "./journal-records.ts";
import { RecordDecoder } from "./record-decoder.ts";
import { segmentNumber, segmentPath } from "./segment-file.ts";

export type JournalSegment = {
  readonly number: number;
  readonly path: string;
  /** How much of it may be read. */
  readonly byteLength: number;
  /** Nothing will be appended any more. */
  readonly isSealed: boolean;
};

/** A place between two records. */
export type JournalPosition = { readonly segment: number; readonly offset: number };

/** Bytes at the end of a segment that are no records: a write that was cut off, or damage. */
export type CutTail = { readonly path: string; readonly offset: number; readonly byteLength: number };

/** Tells the segments that can be read now, in order. */
export type SegmentLister = () => Promise<readonly JournalSegment[]> | readonly JournalSegment[];

type OpenSegment = { readonly number: number; readonly descriptor: number; readonly decoder: RecordDecoder };

/** A descriptor and no FileHandle: one that is collected before it was closed throws out of nowhere in Bun. */
const readAsync = promisify(read);
const readBytesMax = 1024 * 1024;

/** Reads a process's journal, in order and piece by piece, while it is written or after. */
export class JournalTail {
  readonly #segments: SegmentLister;
  readonly #onCut: (tail: CutTail) => void;
  readonly #assembler = new RequestAssembler();
  #open: OpenSegment | undefined;
  #position: JournalPosition = { segment: 0, offset: 0 };

  /** `onCut` hears of the rest of a segment that holds no sound record. */
  constructor(segments: SegmentLister, onCut: (tail: CutTail) => void) {
    this.#segments = segments;
    this.#onCut = onCut;
  }

  /** All before it has been returned. */
  get position(): JournalPosition {
    return this.#position;
  }

  /**
   * The next requests that have ended, some thousands at most; an empty list when all is read that there is now.
   * Throws the file system's error, and can then be called again.
   */
  async next(): Promise<AccountedRequest[]> {
    for (const segment of await this.#segments()) {
      if (segment.number < this.#position.segment) continue;
      for (;;) {
        const bytes = await this.#read(segment);
        if (bytes.length === 0) break;
        const ended = this.#take(segment, bytes);
        if (ended.length > 0) return ended;
      }
      if (segment.isSealed) this.#leave(segment);
    }
    return [];
  }

  /** What has started and not ended; to be called when all is read and the process is dead. */
  takeInterrupted(): AccountedRequest[] {
    return this.#assembler.takeInterrupted();
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  /** The unread bytes, one piece of them; empty at the end. */
  async #read(segment: JournalSegment): Promise<Buffer> {
    if (this.#open?.number !== segment.number) {
      this.close();
      this.#open = { number: segment.number, descriptor: openSync(segment.path, "r"), decoder: new RecordDecoder() };
      this.#position = { segment: segment.number, offset: 0 };
    }
    const wanted = Math.min(segment.byteLength - this.#position.offset, readBytesMax);
    if (wanted <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(wanted);
    let length = 0;
    while (length < wanted) {
      const position = this.#position.offset + length;
      const { bytesRead } = await readAsync(this.#open.descriptor, buffer, length, wanted - length, position);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  }

  #take(segment: JournalSegment, bytes: Buffer): AccountedRequest[] {
    const start = this.#position.offset;
    const ended: AccountedRequest[] = [];
    let at = 0;
    if (start > 0 || bytes.toString("latin1", 0, segmentMagic.length) === segmentMagic) {
      if (start === 0) at = segmentMagic.length;
      const decoder = this.#open?.decoder;
      for (let next = decoder?.decode(bytes, at); next !== undefined; next = decoder?.decode(bytes, at)) {
        at = next.nextOffset;
        const request = this.#assembler.take(next.record);
        if (request) ended.push(request);
      }
    }
    this.#position = { segment: segment.number, offset: start + at };
    const isWholeRest = start + bytes.length >= segment.byteLength;
    if (at < bytes.length && (isWholeRest || bytes.length - at >= recordBytesMax)) this.#cut(segment);
    return ended;
  }

  #cut(segment: JournalSegment): void {
    const { offset } = this.#position;
    this.#onCut({ path: segment.path, offset, byteLength: segment.byteLength - offset });
    this.#position = { segment: segment.number, offset: segment.byteLength };
  }

  #leave(segment: JournalSegment): void {
    this.close();
    this.#position = { segment: segment.number + 1, offset: 0 };
  }
}

/** The segments of a process that no longer writes. */
export async function listDeadSegments(folder: string): Promise<JournalSegment[]> {
  const numbers = (await readdir(folder)).map(segmentNumber).filter((number) => number !== undefined);
  numbers.sort((a, b) => a - b);
  return Promise.all(
    numbers.map(async (number) => {
      const path = segmentPath(folder, number);
      return { number, path, byteLength: (await stat(path)).size, isSealed: true };
    }),
  );
}
