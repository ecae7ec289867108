import { type LogChunk, packChunk } from "./log-chunk.ts";

/** Frames of one stream that wait to become a chunk. Numbers them in their order, from the number that it is given. */
export class ChunkBuffer {
  #frames: string[] = [];
  #firstSequence: number;
  #nextSequence: number;
  #characters = 0;
  #isEnded = false;

  /** @param nextSequence the number of the first event that is added. */
  constructor(nextSequence: number) {
    this.#firstSequence = nextSequence;
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

  /** @param count of events, where the text holds the frames of several. */
  add(frames: string, isLast: boolean, count = 1): void {
    this.#frames.push(frames);
    this.#nextSequence += count;
    this.#characters += frames.length;
    this.#isEnded ||= isLast;
  }

  /** The last chunk: all that waits, and the frames that end the stream. The buffer stays as it is. */
  endedWith(endFrames: readonly string[]): LogChunk {
    const count = this.#nextSequence - this.#firstSequence + endFrames.length;
    return packChunk(this.#firstSequence, [...this.#frames, ...endFrames], true, count);
  }

  /** All that waits, as a chunk; undefined where nothing does. */
  take(): LogChunk | undefined {
    if (this.#frames.length === 0) return undefined;
    const count = this.#nextSequence - this.#firstSequence;
    const chunk = packChunk(this.#firstSequence, this.#frames, this.#isEnded, count);
    this.#frames = [];
    this.#firstSequence = this.#nextSequence;
    this.#characters = 0;
    return chunk;
  }
}
