import type { EventFrames } from "../../../http/endpoint.ts";
import { describe } from "../../../http/render.ts";
import { type Repeated, repeat } from "../../../jobs/repeated.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import { ChunkBuffer } from "./chunk-buffer.ts";
import { cancelledFrame, runOf } from "./event-frames.ts";
import type { OwnedChunk, StreamLogStore } from "./stream-log-store.ts";

/** A chunk is written so long after its first event at most, in milliseconds. */
const writeMs = 250;
/** A chunk's frames, in characters. */
const chunkCharactersMax = 64 * 1024;
/** What of one stream may wait for a database that is away, in compressed bytes; beyond it the stream's log is given up. */
const waitingBytesMax = 1024 * 1024;

export type LoggedStream = {
  readonly principal: ProjectPrincipal;
  readonly responseId: string;
  /** What was kept of the response when its reader left; undefined where nothing was. */
  readonly keptResponse: () => Promise<object | undefined>;
};

type Open = {
  readonly stream: LoggedStream;
  readonly buffer: ChunkBuffer;
  /** Chunks that are not written yet; undefined once there were too many, and the log was given up. */
  waiting: OwnedChunk[] | undefined;
  isOver: boolean;
};

/**
 * Logs the streams of foreground responses behind their readers' backs, so that a reader whose connection broke can take
 * its stream up again: all streams of the process in one statement, four times a second.
 */
export class WriteBehindLog {
  readonly #log: Pick<StreamLogStore, "add">;
  readonly #logger: Logger;
  readonly #open = new Set<Open>();
  readonly #writing: Repeated;

  constructor(log: Pick<StreamLogStore, "add">, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
    this.#writing = repeat(
      () => this.#write(),
      writeMs,
      (error) => this.#report(error),
    );
  }

  /** Passes a stream on, and logs it. */
  async *through(frames: EventFrames, stream: LoggedStream): EventFrames {
    const open: Open = { stream, buffer: new ChunkBuffer(0), waiting: [], isOver: false };
    this.#open.add(open);
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return value;
        if (!open.buffer.isEnded) {
          const { frames: logged, count, isEnd } = runOf(value);
          if (count > 0) open.buffer.add(logged, isEnd, count);
        }
        if (open.buffer.characters >= chunkCharactersMax) take(open);
        yield value;
      }
    } finally {
      await frames.return("client_left");
      await this.#end(open);
    }
  }

  /** Writes what waits, and no more from then on. */
  async close(): Promise<void> {
    await this.#writing.stop();
    await this.#write().catch((error: unknown) => this.#report(error));
  }

  /** A stream whose reader left has no last event of its own: who takes it up again is told what became of it. */
  async #end(open: Open): Promise<void> {
    const { buffer, stream } = open;
    try {
      const kept = buffer.isEnded ? undefined : await stream.keptResponse();
      if (kept !== undefined) buffer.add(cancelledFrame(kept, buffer.nextSequence), true);
    } catch (error) {
      this.#report(error);
    } finally {
      open.isOver = true;
      // Now, and not when all are written: many streams compressed in one go would hold up everybody.
      take(open);
    }
  }

  async #write(): Promise<void> {
    const due = [...this.#open];
    for (const open of due) take(open);
    const chunks = due.flatMap(({ waiting }) => waiting ?? []);
    if (chunks.length > 0) await this.#log.add(chunks);
    const written = new Set(chunks);
    for (const open of due) {
      open.waiting = open.waiting?.filter((chunk) => !written.has(chunk));
      const isWritten = open.buffer.characters === 0 && (open.waiting ?? []).length === 0;
      if (open.isOver && isWritten) this.#open.delete(open);
    }
  }

  #report(error: unknown): void {
    this.#logger.log("warn", "streams can't be logged now; trying again", { error: describe(error) });
  }
}

/** Makes a chunk of what has come since the last one. */
function take(open: Open): void {
  const { principal, responseId } = open.stream;
  const chunk = open.buffer.take();
  if (chunk === undefined || open.waiting === undefined) return;
  open.waiting.push({
    ...chunk,
    responseId,
    organizationId: principal.organizationId,
    projectId: principal.projectId,
  });
  const bytes = open.waiting.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  if (bytes > waitingBytesMax) open.waiting = undefined;
}
