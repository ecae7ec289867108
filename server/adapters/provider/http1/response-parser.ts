import { ChunkedDecoder } from "./chunked-decoder.ts";
import { type ResponseHead, readHead } from "./response-head.ts";
import { WireError } from "./wire-error.ts";

/** Who is told of an answer while it comes. */
export type ResponseSink = {
  onHead(head: ResponseHead): void;
  /** The next bytes of the body, whatever coding they came in; never none. */
  onPiece(bytes: Uint8Array): void;
  onEnd(): void;
};

/** Largest head, interim answers before it counted. */
const headBytesMax = 65_536;
const headEnd = Buffer.from("\r\n\r\n");
const switchingProtocols = 101;

/** Reads one answer of HTTP/1.1 from a connection's bytes, in whatever pieces they come. */
export class ResponseParser {
  readonly #sink: ResponseSink;
  #head: ResponseHead | undefined;
  /** Bytes of a head that is not whole. */
  #held: Buffer | undefined;
  #headBytes = 0;
  /** Bytes of a body of known length that are still to come. */
  #left = 0;
  #chunks: ChunkedDecoder | undefined;
  #hasEnded = false;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  get hasBegun(): boolean {
    return this.#head !== undefined || this.#headBytes > 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the server lets another request follow. */
  get keepsAlive(): boolean {
    return this.#head?.keepsAlive === true;
  }

  /**
   * Takes the next bytes, which become the parser's own.
   * @returns whether all of them belong to the answer: those behind its end are nobody's.
   * @throws WireError where they are no HTTP/1.1.
   */
  push(bytes: Buffer): boolean {
    if (this.#hasEnded) return bytes.byteLength === 0;
    return this.#head === undefined ? this.#pushHead(bytes) : this.#pushBody(bytes);
  }

  /**
   * Says that the connection has ended.
   * @param error why, where that was no peaceful end.
   * @throws WireError where the answer has not.
   */
  finish(error?: Error): void {
    if (this.#hasEnded) return;
    if (this.#head?.framing.kind !== "until-close" || error !== undefined) {
      const failure = this.hasBegun ? "broken" : "unanswered";
      throw new WireError(failure, "the connection ended before the answer did", error);
    }
    this.#end();
  }

  #pushHead(given: Buffer): boolean {
    let bytes = this.#held === undefined ? given : Buffer.concat([this.#held, given]);
    this.#held = undefined;
    this.#headBytes += given.byteLength;
    for (;;) {
      const end = bytes.indexOf(headEnd);
      const length = end < 0 ? bytes.byteLength : end;
      if (length > headBytesMax || this.#headBytes - bytes.byteLength > headBytesMax) {
        throw new WireError("broken", `the answer's head is larger than ${headBytesMax} bytes`);
      }
      if (end < 0) {
        this.#held = bytes;
        return true;
      }
      const head = readHead(bytes.toString("latin1", 0, end));
      bytes = bytes.subarray(end + headEnd.byteLength);
      if (head.status >= 200) {
        this.#begin(head);
        return this.#hasEnded ? bytes.byteLength === 0 : this.#pushBody(bytes);
      }
      if (head.status === switchingProtocols) throw new WireError("broken", "the answer switches protocols unasked");
    }
  }

  #begin(head: ResponseHead): void {
    this.#head = head;
    const { framing } = head;
    if (framing.kind === "chunked") this.#chunks = new ChunkedDecoder();
    else if (framing.kind === "length") this.#left = framing.bytes;
    this.#sink.onHead(head);
    if (framing.kind === "length" && framing.bytes === 0) this.#end();
  }

  #pushBody(bytes: Buffer): boolean {
    if (bytes.byteLength === 0) return true;
    if (this.#chunks !== undefined) return this.#pushChunks(this.#chunks, bytes);
    if (this.#head?.framing.kind === "until-close") {
      this.#sink.onPiece(bytes);
      return true;
    }
    const own = bytes.byteLength <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= own.byteLength;
    this.#sink.onPiece(own);
    if (this.#left === 0) this.#end();
    return own.byteLength === bytes.byteLength;
  }

  #pushChunks(chunks: ChunkedDecoder, bytes: Buffer): boolean {
    const { body, read } = chunks.decode(bytes);
    if (body.byteLength > 0) this.#sink.onPiece(body);
    if (chunks.hasEnded) this.#end();
    return read === bytes.byteLength;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#sink.onEnd();
  }
}
