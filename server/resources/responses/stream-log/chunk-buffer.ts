import { type LogChunk, packChunk } from "./log-chunk.ts";

/** Frames of one stream that wait to become a chunk. Numbers them in their order, from the number that it is given. */
export class ChunkBuffer {
  #frames: string[] = [];
  #nextSequence: number;
  #characters = 0;
  #isEnded = false;

  /** @param nextSequence the number of the first event that is added. */
  constructor(nextSequence: number) {
    this.#nextSequence = nextSequence;
  }

  /** The number of the event that is added next. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Whether the stream's last event was added. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** How much waits: near enough to its bytes. */
  get characters(): number {
    return this.#characters;
  }

  add(frame: string, isLast: boolean): void {
    this.#frames.push(frame);
    this.#nextSequence++;
    this.#characters += frame.length;
    this.#isEnded ||= isLast;
  }

  /** The last chunk: all that waits, and the frames that end the stream. The buffer stays as it is. */
  endedWith(endFrames: readonly string[]): LogChunk {
    return packChunk(this.#nextSequence - this.#frames.length, [...this.#frames, ...endFrames], true);
  }

  /** All that waits, as a chunk; undefined where nothing does. */
  take(): LogChunk | undefined {
    if (this.#frames.length === 0) return undefined;
    const frames = this.#frames;
    this.#frames = [];
    this.#characters = 0;
    return packChunk(this.#nextSequence - frames.length, frames, this.#isEnded);
  }
}
