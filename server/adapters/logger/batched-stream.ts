import type { LineStream } from "./line-writer.ts";

/**
 * A stream that is written to once in a turn of the event loop, however many lines that turn had: under load a call of the
 * system for each request's line costs more than the line. What waits when the process ends is written then.
 */
export class BatchedStream implements LineStream {
  readonly #stream: LineStream;
  #waiting = "";

  constructor(stream: LineStream) {
    this.#stream = stream;
    process.once("exit", () => this.#flush());
  }

  get writableLength(): number {
    return this.#waiting.length + this.#stream.writableLength;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  write(text: string): boolean {
    if (this.#waiting === "") setImmediate(() => this.#flush());
    this.#waiting += text;
    return true;
  }

  on(event: "error", listener: (error: Error) => void): unknown {
    return this.#stream.on(event, listener);
  }

  #flush(): void {
    const text = this.#waiting;
    if (text === "") return;
    this.#waiting = "";
    try {
      this.#stream.write(text);
    } catch {
      // A closed pipe; its `error` event, or the next line's writer, finds it destroyed. There is nowhere left to say so.
    }
  }
}
