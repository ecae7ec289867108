import type { CancelSignal } from "../../../ports/cancel-signal.ts";
import type { LogChunk } from "./log-chunk.ts";

/** How much of a stream's newest chunks is kept for its readers, in compressed bytes; who is further behind asks the log. */
const keptBytesMax = 256 * 1024;

/** The live end of one stream, shared by its readers in this process. Each has a cursor of its own. */
export class Tail {
  readonly #waiting = new Set<() => void>();
  #lastSequence: number;
  #chunks: LogChunk[] = [];
  #bytes = 0;

  /** @param lastSequence the newest event that is known. */
  constructor(lastSequence: number) {
    this.#lastSequence = lastSequence;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Takes a chunk that follows what is known; one that is known already, or that comes out of turn, changes nothing. */
  push(chunk: LogChunk): void {
    if (chunk.firstSequence !== this.#lastSequence + 1) return;
    this.#lastSequence = chunk.lastSequence;
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.byteLength;
    while (this.#bytes > keptBytesMax && this.#chunks.length > 1) {
      this.#bytes -= this.#chunks.shift()?.bytes.byteLength ?? 0;
    }
    this.#wake();
  }

  /** Says that the log has so much: what comes next follows that. */
  reached(sequence: number): void {
    if (sequence <= this.#lastSequence) return;
    this.#lastSequence = sequence;
    this.#chunks = [];
    this.#bytes = 0;
    this.#wake();
  }

  /** The chunk that holds the event behind `after`; undefined where it has not come, or is not kept any more. */
  chunkAfter(after: number): LogChunk | undefined {
    return this.#chunks.find(({ firstSequence, lastSequence }) => firstSequence <= after + 1 && lastSequence > after);
  }

  /** Resolves when there is more than `after`, or when the signal is aborted. */
  async beyond(after: number, signal: CancelSignal): Promise<void> {
    while (this.#lastSequence <= after && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener("abort", wake);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
