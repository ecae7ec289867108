import { bufferOf } from "../common/buffer-of.ts";

const lineFeed = 10;
const carriageReturn = 13;
const colon = 58;
const space = 32;
const [d, a, t] = [100, 97, 116];
const none = new Uint8Array();

/** Takes the data of one event: a range of `bytes`, valid during the call only. */
export type EventDataReader = (bytes: Buffer, from: number, to: number) => void;

/**
 * Splits server-sent events (WHATWG HTML, 9.2.6) from bytes that arrive cut anywhere, and hands the data of each event
 * on without decoding it. Lines end with LF or CRLF; a CR alone ends none, and JSON holds none. What is kept between
 * two calls is at most one event that has not ended; more than `eventBytesMax` of it throws what `tooLarge` makes.
 */
export class SseDataSplitter {
  readonly #onData: EventDataReader;
  readonly #eventBytesMax: number;
  readonly #tooLarge: () => Error;
  /** Pieces of the line that has not ended. */
  #line: Uint8Array[] = [];
  /** Data lines of the event that has not ended, where it has several or came in several pieces. */
  #data: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(onData: EventDataReader, eventBytesMax: number, tooLarge: () => Error) {
    this.#onData = onData;
    this.#eventBytesMax = eventBytesMax;
    this.#tooLarge = tooLarge;
  }

  push(chunk: Uint8Array): void {
    const bytes = bufferOf(chunk);
    let from = 0;
    if (this.#line.length > 0) {
      const end = bytes.indexOf(lineFeed);
      if (end < 0) {
        this.#keepLine(bytes);
        return;
      }
      this.#line.push(bytes.subarray(0, end + 1));
      const line = Buffer.concat(this.#line);
      this.#keptBytes -= line.length - (end + 1);
      this.#line = [];
      this.#readLines(line, 0, line.length);
      from = end + 1;
    }
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > from) this.#readLines(bytes, from, end);
    if (Math.max(end, from) < bytes.length) this.#keepLine(bytes.subarray(Math.max(end, from)));
  }

  /** The stream has ended: what stands there of a last event counts, also without its blank line. */
  finish(): void {
    if (this.#line.length > 0) this.push(Buffer.of(lineFeed));
    if (this.#data.length > 0) this.#readLines(Buffer.of(lineFeed), 0, 1);
  }

  /** `from` and `to` enclose whole lines. */
  #readLines(bytes: Buffer, from: number, to: number): void {
    let dataFrom = -1;
    let dataTo = -1;
    for (let at = from; at < to; ) {
      const next = bytes[at] === lineFeed ? at : bytes.indexOf(lineFeed, at);
      const end = next > at && bytes[next - 1] === carriageReturn ? next - 1 : next;
      if (end === at) {
        if (this.#data.length > 0) {
          if (dataFrom >= 0) this.#keepData(bytes.subarray(dataFrom, dataTo));
          const joined = joinLines(this.#data);
          this.#data = [];
          this.#keptBytes = 0;
          this.#onData(joined, 0, joined.length);
        } else if (dataFrom >= 0) {
          this.#onData(bytes, dataFrom, dataTo);
        }
        dataFrom = -1;
      } else if (isDataLine(bytes, at, end)) {
        if (dataFrom >= 0) this.#keepData(bytes.subarray(dataFrom, dataTo));
        dataFrom = Math.min(at + 5, end);
        if (dataFrom < end && bytes[dataFrom] === space) dataFrom += 1;
        dataTo = end;
      }
      at = next + 1;
    }
    if (dataFrom >= 0) this.#keepData(bytes.subarray(dataFrom, dataTo));
  }

  #keepLine(piece: Uint8Array): void {
    this.#count(piece.length);
    this.#line.push(Uint8Array.from(piece));
  }

  #keepData(line: Uint8Array): void {
    this.#count(line.length);
    this.#data.push(line.length === 0 ? none : Uint8Array.from(line));
  }

  #count(bytes: number): void {
    this.#keptBytes += bytes;
    if (this.#keptBytes > this.#eventBytesMax) throw this.#tooLarge();
  }
}

/** `data`, alone or followed by a colon. */
function isDataLine(bytes: Buffer, from: number, to: number): boolean {
  if (bytes[from] !== d || bytes[from + 1] !== a || bytes[from + 2] !== t || bytes[from + 3] !== a) return false;
  return to - from === 4 || (to - from > 4 && bytes[from + 4] === colon);
}

function joinLines(lines: readonly Uint8Array[]): Buffer {
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.of(lineFeed), line])));
}
