/** The part of a writable stream that log lines need; `process.stdout` is one. */
export interface LineStream {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(text: string): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/**
 * Writes lines without ever waiting, throwing or growing without bound: where the reader is slower than the log, lines
 * are dropped and their number is written once there is room; where the reader is gone, nothing is written any more.
 */
export class LineWriter {
  readonly #stream: LineStream;
  readonly #bufferBytesMax: number;
  #dropped = 0;
  #closed = false;

  constructor(stream: LineStream, bufferBytesMax: number) {
    this.#stream = stream;
    this.#bufferBytesMax = bufferBytesMax;
    // A reader that closed its end (EPIPE) must not end the server; the log is the only place that could tell.
    stream.on("error", () => {
      this.#closed = true;
    });
  }

  /** @param aboutDropped the line that tells how many were dropped. */
  write(line: string, aboutDropped: (count: number) => string): void {
    if (this.#closed || this.#stream.destroyed) return;
    if (this.#stream.writableLength > this.#bufferBytesMax) {
      this.#dropped++;
      return;
    }
    const notice = this.#dropped === 0 ? "" : `${aboutDropped(this.#dropped)}\n`;
    this.#dropped = 0;
    try {
      this.#stream.write(`${notice}${line}\n`);
    } catch {
      // A synchronous write to a closed pipe throws instead of emitting; there is nowhere left to say so.
      this.#closed = true;
    }
  }
}
