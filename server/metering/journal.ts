import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { UsageMeter, UsageStart } from "../ports/usage-journal.ts";
import { createInstanceFolder, type InstanceFolder } from "./instance-folder.ts";
import { JournalMeter } from "./journal-meter.ts";
import type { RecordedEnd } from "./journal-records.ts";
import type { JournalSegment } from "./journal-tail.ts";
import { RecordEncoder } from "./record-encoder.ts";
import { removeSegment, SegmentFile } from "./segment-file.ts";

export type JournalOptions = {
  /** Holds a folder for each process. */
  readonly root: string;
  /** A segment is closed at this size. */
  readonly segmentBytesMax: number;
  /** Size of all segments that wait to be folded, beyond which no request is taken. */
  readonly bytesMax: number;
  /** How far the mark may be ahead of what was sent. */
  readonly markTokens: number;
  readonly logger: Logger;
};

const retryAfterSeconds = 5;
const firstSegment = 1;

/** A start that is written at the end of this turn of the event loop. */
type WaitingStart = {
  readonly start: UsageStart;
  readonly resolve: (meter: UsageMeter) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * The usage journal in files of this process's own: `<root>/<process>/00000001.log`, and so on. Every record is the
 * kernel's before the call returns, or before its promise resolves. A new segment begins with the requests that still
 * run, so that each segment can be removed as soon as the requests that ended in it are in the database.
 */
export class FileUsageJournal {
  readonly #options: JournalOptions;
  readonly #folder: InstanceFolder;
  readonly #running = new Map<number, JournalMeter>();
  /** Ends that could not be written yet; they go first when the disk takes records again. */
  readonly #unwrittenEnds = new Map<number, RecordedEnd>();
  #waitingStarts: WaitingStart[] = [];
  /** Those whose ends stand among the unwritten ones since this turn of the event loop. */
  #waitingEnds: (() => void)[] = [];
  #isWriteDue = false;
  #segment: SegmentFile;
  #encoder = new RecordEncoder();
  #sealed: JournalSegment[] = [];
  #sealedBytes = 0;
  #nextNumber = 1;
  /** Length of the segment at which the next one is tried. */
  #rotateAtBytes: number;
  #failure: string | undefined;
  #isClosed = false;

  private constructor(options: JournalOptions, folder: InstanceFolder, segment: SegmentFile) {
    this.#options = options;
    this.#folder = folder;
    this.#segment = segment;
    this.#rotateAtBytes = options.segmentBytesMax;
  }

  /** Throws the file system's error where the folder or its first file can't be made. */
  static async open(options: JournalOptions): Promise<FileUsageJournal> {
    const { folder, prepared } = await createInstanceFolder(
      options.root,
      (path) => new SegmentFile(path, firstSegment, new Uint8Array()),
    );
    return new FileUsageJournal(options, folder, prepared);
  }

  /** Bytes on disk that are not yet removed. */
  get byteLength(): number {
    return this.#sealedBytes + this.#segment.length;
  }

  /** Requests that have started and not ended. */
  get runningRequests(): number {
    return this.#running.size;
  }

  /**
   * Throws an ApiError `storage_unavailable` where the record can't be written, `shutting_down` after `close`, and a
   * RangeError for what no record can hold.
   */
  start(start: UsageStart): UsageMeter {
    if (this.#isClosed) throw shuttingDown();
    if (this.byteLength >= this.#options.bytesMax) throw storageUnavailable(this.#fullReason());
    const number = this.#nextNumber;
    this.#append((encoder) => encoder.start(number, start));
    const meter = this.#started(number, start);
    this.#rotateWhenLarge();
    return meter;
  }

  /** Like `start`, in one write with all that start and end in this turn of the event loop. Rejects as `start` throws. */
  startTogether(start: UsageStart): Promise<UsageMeter> {
    return new Promise((resolve, reject) => {
      this.#waitingStarts.push({ start, resolve, reject });
      this.#writeSoon();
    });
  }

  /** For meters. */
  writeMark(number: number, tokens: number): void {
    if (this.#isClosed) throw shuttingDown();
    this.#append((encoder) => encoder.mark(number, tokens));
  }

  /** For meters. After `close` it does nothing: the next start's replay ends the request. */
  writeEnd(number: number, end: RecordedEnd): void {
    if (this.#isClosed) return;
    this.#unwrittenEnds.set(number, end);
    this.#attempt(() => this.#writeEnds());
  }

  /** For meters. */
  writeEndTogether(number: number, end: RecordedEnd): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#unwrittenEnds.set(number, end);
    return new Promise((resolve) => {
      this.#waitingEnds.push(resolve);
      this.#writeSoon();
    });
  }

  /** Why it takes no requests now, for the operator; undefined while all is well. */
  problem(): string | undefined {
    if (this.#isClosed) return "the usage journal is closed";
    if (this.#failure !== undefined) return this.#failure;
    return this.byteLength >= this.#options.bytesMax ? this.#fullReason() : undefined;
  }

  /**
   * Looks whether the journal is still in its place and, after a failure, whether the disk takes records again. To be
   * called about once a second: a process that is not ready gets no requests that would find out.
   */
  check(): void {
    if (this.#isClosed) return;
    this.#attempt(() => {
      if (!this.#segment.isInPlace()) {
        this.#fail(`the usage journal ${this.#segment.path} was removed while it was in use; restart the server`);
        return;
      }
      if (this.#failure !== undefined) this.#append((encoder) => encoder.probe());
      this.#rotateWhenLarge();
    });
  }

  /** The segments on disk in order; the last one is being written. */
  segments(): readonly JournalSegment[] {
    const { number, path, length } = this.#segment;
    return [...this.#sealed, { number, path, byteLength: length, isSealed: false }];
  }

  /** Removes the sealed segments before `segment`: all that ended in them is in the database. */
  removeSegmentsBefore(segment: number): void {
    if (this.#isClosed) return;
    const kept = this.#sealed.filter(({ number }) => number >= segment);
    for (const { number, path } of this.#sealed) if (number < segment) removeSegment(path);
    this.#sealed = kept;
    this.#sealedBytes = kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * Ends the writing. With `isAllFolded`, and when no request runs, the folder is removed; otherwise it stays for the
   * replay.
   */
  close(isAllFolded: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#segment.close();
    if (isAllFolded && this.#running.size === 0) this.#folder.remove();
    else this.#folder.release();
  }

  #started(number: number, start: UsageStart): JournalMeter {
    this.#nextNumber = number + 1;
    const meter = new JournalMeter(number, start, this, this.#options.markTokens);
    this.#running.set(number, meter);
    return meter;
  }

  #writeSoon(): void {
    if (this.#isWriteDue) return;
    this.#isWriteDue = true;
    setImmediate(() => this.#writeWaiting());
  }

  #writeWaiting(): void {
    const starts = this.#waitingStarts;
    const ends = this.#waitingEnds;
    this.#waitingStarts = [];
    this.#waitingEnds = [];
    this.#isWriteDue = false;
    if (!this.#writeTogether(starts)) this.#writeOneByOne(starts);
    for (const resolve of ends) resolve();
  }

  /** Writes the starts and all unwritten ends with one call, or says that this can't be done and leaves everything as it was. */
  #writeTogether(starts: readonly WaitingStart[]): boolean {
    const hasRoom = this.byteLength < this.#options.bytesMax || starts.length === 0;
    if (this.#isClosed || this.#failure !== undefined || !hasRoom) return false;
    const encoder = this.#encoder;
    const firstNumber = this.#nextNumber;
    try {
      for (const [number, end] of this.#unwrittenEnds) encoder.end(number, end);
      for (const [index, { start }] of starts.entries()) encoder.start(firstNumber + index, start);
      this.#segment.append(encoder.bytes);
    } catch {
      // What went wrong is found, and told, where the records are written one by one.
      encoder.rollback();
      return false;
    }
    encoder.commit();
    for (const number of this.#unwrittenEnds.keys()) this.#running.delete(number);
    this.#unwrittenEnds.clear();
    for (const [index, { start, resolve }] of starts.entries()) resolve(this.#started(firstNumber + index, start));
    this.#rotateWhenLarge();
    return true;
  }

  #writeOneByOne(starts: readonly WaitingStart[]): void {
    if (!this.#isClosed) this.#attempt(() => this.#writeEnds());
    for (const { start, resolve, reject } of starts) {
      try {
        resolve(this.start(start));
      } catch (error) {
        reject(error);
      }
    }
  }

  #append(encode: (encoder: RecordEncoder) => void): void {
    const encoder = this.#encoder;
    try {
      if (this.#failure !== undefined) {
        if (!this.#segment.isInPlace()) throw new Error(this.#failure);
        if (this.#unwrittenEnds.size > 0) this.#writeEnds();
      }
      encode(encoder);
      this.#segment.append(encoder.bytes);
      encoder.commit();
    } catch (error) {
      encoder.rollback();
      if (error instanceof RangeError) throw error;
      this.#fail(`the usage journal can't be written: ${reasonOf(error)}`);
      throw storageUnavailable(error);
    }
    if (this.#failure !== undefined) this.#recover();
  }

  /** One record for each write, so that a full disk takes as many as fit. */
  #writeEnds(): void {
    for (const [number, end] of this.#unwrittenEnds) {
      this.#encoder.end(number, end);
      try {
        this.#segment.append(this.#encoder.bytes);
      } catch (error) {
        this.#encoder.rollback();
        throw error;
      }
      this.#encoder.commit();
      this.#unwrittenEnds.delete(number);
      this.#running.delete(number);
    }
  }

  /** Runs a write whose failure makes the journal unhealthy and concerns no caller. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      // An ApiError was noted where it was made.
      if (!(error instanceof ApiError)) this.#fail(`the usage journal can't be written: ${reasonOf(error)}`);
    }
  }

  #rotateWhenLarge(): void {
    if (this.#segment.length < this.#rotateAtBytes) return;
    const { segmentBytesMax, logger } = this.#options;
    try {
      this.#rotate();
      // With very many running requests a new segment is large from the start.
      this.#rotateAtBytes = Math.max(segmentBytesMax, 2 * this.#segment.length);
    } catch (error) {
      // The segment at hand goes on; whether the disk is full its own appends will tell.
      this.#rotateAtBytes = this.#segment.length + Math.ceil(segmentBytesMax / 8);
      logger.log("warn", "a new segment of the usage journal could not be made", { reason: reasonOf(error) });
    }
  }

  #rotate(): void {
    const encoder = new RecordEncoder();
    for (const meter of this.#running.values()) {
      encoder.start(meter.number, meter.start);
      if (meter.markedTokens > 0) encoder.mark(meter.number, meter.markedTokens);
    }
    const { number, path, length } = this.#segment;
    const next = new SegmentFile(this.#folder.path, number + 1, encoder.bytes);
    encoder.commit();
    this.#segment.close();
    this.#sealed.push({ number, path, byteLength: length, isSealed: true });
    this.#sealedBytes += length;
    this.#segment = next;
    this.#encoder = encoder;
  }

  #fail(reason: string): void {
    if (this.#failure === undefined) this.#options.logger.log("error", "usage journal failed", { reason });
    this.#failure = reason;
  }

  #recover(): void {
    this.#failure = undefined;
    this.#options.logger.log("info", "usage journal takes records again");
  }

  #fullReason(): string {
    return `the usage journal holds ${this.byteLength} bytes that the database has not taken yet`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shuttingDown(): ApiError {
  return new ApiError("shutting_down", "This server is shutting down. Try again.");
}

function storageUnavailable(cause: unknown): ApiError {
  return new ApiError(
    "storage_unavailable",
    "This server can't record usage now, so it takes no requests. Try again.",
    {
      cause,
      retryAfterSeconds,
    },
  );
}
