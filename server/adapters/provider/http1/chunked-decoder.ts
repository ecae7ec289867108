import { WireError } from "./wire-error.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const semicolon = 0x3b;
/** Longest line with a chunk's size, its extensions counted. */
const sizeLineBytesMax = 4_096;
/** Trailers are read and forgotten, up to so many bytes. */
const trailerBytesMax = 16_384;
/** Far more than any answer, and still exact. */
const chunkBytesMax = 2 ** 48;

type State =
  | "size"
  | "extension"
  | "size-end"
  | "data"
  | "data-end"
  | "data-end-2"
  | "trailer"
  | "trailer-end"
  | "ended";

/** Takes the chunked coding off a body (RFC 9112, section 7.1), whatever pieces it comes in. */
export class ChunkedDecoder {
  #state: State = "size";
  /** Bytes of the chunk that are still to come; its size while that is read. */
  #left = 0;
  #digits = 0;
  #lineBytes = 0;
  #trailerBytes = 0;
  /** Whether the trailer's line at hand has a byte. */
  #isInField = false;

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /**
   * The body's bytes in a piece, in one piece of their own: `bytes` is overwritten where it held more than one chunk.
   * @returns how many bytes of `bytes` were read beside; fewer than all only where the body has ended.
   * @throws WireError where the coding is broken.
   */
  decode(bytes: Buffer): { readonly body: Buffer; readonly read: number } {
    let from = -1;
    let written = 0;
    let at = 0;
    while (at < bytes.byteLength && this.#state !== "ended") {
      if (this.#state !== "data") {
        this.#step(bytes[at] ?? 0);
        at++;
        continue;
      }
      const length = Math.min(this.#left, bytes.byteLength - at);
      if (from < 0) from = at;
      else bytes.copyWithin(from + written, at, at + length);
      written += length;
      at += length;
      this.#left -= length;
      if (this.#left === 0) this.#state = "data-end";
    }
    return { body: from < 0 ? bytes.subarray(0, 0) : bytes.subarray(from, from + written), read: at };
  }

  #step(byte: number): void {
    switch (this.#state) {
      case "size":
        this.#size(byte);
        return;
      case "extension":
        this.#countLine();
        if (byte === carriageReturn) this.#state = "size-end";
        return;
      case "size-end":
        this.#require(byte, lineFeed);
        this.#state = this.#left === 0 ? "trailer" : "data";
        this.#digits = 0;
        this.#lineBytes = 0;
        return;
      case "data-end":
        this.#require(byte, carriageReturn);
        this.#state = "data-end-2";
        return;
      case "data-end-2":
        this.#require(byte, lineFeed);
        this.#state = "size";
        return;
      case "trailer":
        if (++this.#trailerBytes > trailerBytesMax) throw broken("its trailers are too long");
        if (byte === carriageReturn) this.#state = "trailer-end";
        else this.#isInField = true;
        return;
      case "trailer-end":
        this.#require(byte, lineFeed);
        this.#state = this.#isInField ? "trailer" : "ended";
        this.#isInField = false;
        return;
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#digits++;
      this.#left = this.#left * 16 + digit;
      if (this.#left > chunkBytesMax) throw broken("a chunk is too large");
      this.#countLine();
      return;
    }
    if (this.#digits === 0) throw broken("a chunk has no size");
    if (byte === carriageReturn) this.#state = "size-end";
    // Some servers fill the size up with blanks.
    else if (byte === semicolon || byte === 0x20 || byte === 0x09) this.#state = "extension";
    else throw broken("a chunk's size is no number");
  }

  #countLine(): void {
    if (++this.#lineBytes > sizeLineBytesMax) throw broken("a chunk's extensions are too long");
  }

  #require(byte: number, expected: number): void {
    if (byte !== expected) throw broken("a line of it does not end with CR LF");
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function broken(what: string): WireError {
  return new WireError("broken", `the answer's chunked coding is broken: ${what}`);
}
