import { type AnswerReader, HttpConnection } from "./http-connection.ts";
import type { Tally } from "./tally.ts";

const lineFeed = 0x0a;
const blankLine = Buffer.from("\n\n");

/** A client on a connection of its own: one request at a time, each answer into the tally. */
export class Client implements AnswerReader {
  readonly #where: { readonly host: string; readonly port: number };
  readonly #tally: Tally;
  #connection: HttpConnection | undefined;
  #onEnd: () => void = () => {};
  #dueMs = 0;
  #status = 0;
  #hasRetryAfter = false;
  #hasBody = false;
  /** The last byte of the piece before, which may be half of a blank line. */
  #lastByte = 0;

  constructor(where: { readonly host: string; readonly port: number }, tally: Tally) {
    this.#where = where;
    this.#tally = tally;
  }

  /**
   * @param dueMs when the request should have begun.
   * @param onEnd called once, also where the connection broke off.
   */
  async ask(request: Buffer, dueMs: number, onEnd: () => void): Promise<void> {
    this.#dueMs = dueMs;
    this.#onEnd = onEnd;
    this.#hasBody = false;
    this.#lastByte = 0;
    this.#connection ??= await HttpConnection.open(this.#where.host, this.#where.port);
    this.#connection.send(request, this);
  }

  /** Asks, and reads nothing of the answer. */
  async askAndStall(request: Buffer): Promise<void> {
    await this.ask(request, performance.now(), () => {});
    this.#connection?.pause();
  }

  close(): void {
    this.#connection?.close();
  }

  head(status: number, hasRetryAfter: boolean): void {
    this.#status = status;
    this.#hasRetryAfter = hasRetryAfter;
  }

  body(bytes: Buffer): void {
    if (!this.#hasBody) {
      this.#hasBody = true;
      this.#tally.firstByte(performance.now() - this.#dueMs);
    }
    this.#tally.events(this.#countEvents(bytes));
  }

  end(): void {
    this.#tally.answer(this.#status, this.#hasRetryAfter, performance.now() - this.#dueMs);
    this.#onEnd();
  }

  broken(): void {
    this.#connection = undefined;
    this.#tally.broken();
    this.#onEnd();
  }

  #countEvents(bytes: Buffer): number {
    let count = bytes[0] === lineFeed && this.#lastByte === lineFeed ? 1 : 0;
    let at = bytes.indexOf(blankLine, count);
    while (at >= 0) {
      count++;
      at = bytes.indexOf(blankLine, at + 2);
    }
    // A line feed that ended an event is not the first of another blank line.
    this.#lastByte = bytes.at(-2) === lineFeed ? 0 : (bytes.at(-1) ?? 0);
    return count;
  }
}
