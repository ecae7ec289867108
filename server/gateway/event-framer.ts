import { ApiError } from "@headrace/contract/common/errors.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const blankLine = Uint8Array.of(lineFeed, lineFeed);
/** The longest blank line, CRLF CRLF, less the byte that completes it. */
const overlapBytes = 3;

/**
 * Cuts a stream of bytes into pieces that hold whole server-sent events only, so that something may be put between any
 * two pieces, and so that half an event never reaches a client. A piece may hold several events.
 */
export class EventFramer {
  readonly #eventBytesMax: number;
  /** Pieces of the event that has not ended; joined once, when it has, so that a large event costs what its bytes cost. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /**
   * The whole events that `bytes` completes; undefined where it completes none.
   * @throws ApiError `upstream_failed` where one event grows past the limit.
   */
  push(bytes: Uint8Array): Uint8Array | undefined {
    // Most pieces are whole events, and nothing is held.
    if (this.#heldBytes === 0 && endOfLastEvent(bytes) === bytes.byteLength)
      return bytes.byteLength === 0 ? undefined : bytes;
    const overlap = this.#lastHeldBytes();
    const end = endOfLastEvent(overlap.byteLength === 0 ? bytes : Buffer.concat([overlap, bytes])) - overlap.byteLength;
    if (end < 0 || end + this.#heldBytes === 0) {
      this.#hold(bytes);
      return undefined;
    }
    const events = this.#takeHeld(bytes.subarray(0, end));
    if (end < bytes.byteLength) this.#hold(bytes.subarray(end));
    return events;
  }

  /** What stands there of a last event when the stream has ended, closed by a blank line; undefined where nothing does. */
  finish(): Uint8Array | undefined {
    return this.#heldBytes === 0 ? undefined : this.#takeHeld(blankLine);
  }

  #hold(bytes: Uint8Array): void {
    this.#heldBytes += bytes.byteLength;
    if (this.#heldBytes > this.#eventBytesMax) {
      throw new ApiError("upstream_failed", "The model's server sent an event that is too large to be relayed.");
    }
    // A copy: what is held must not keep the whole buffer that it came in.
    if (bytes.byteLength > 0) this.#held.push(new Uint8Array(bytes));
  }

  #takeHeld(end: Uint8Array): Uint8Array {
    const events = this.#heldBytes === 0 ? end : Buffer.concat([...this.#held, end], this.#heldBytes + end.byteLength);
    this.#held = [];
    this.#heldBytes = 0;
    return events;
  }

  #lastHeldBytes(): Uint8Array {
    const pieces: Uint8Array[] = [];
    let wanted = Math.min(overlapBytes, this.#heldBytes);
    for (let at = this.#held.length - 1; wanted > 0; at--) {
      const piece = this.#held[at]?.slice(-wanted) ?? new Uint8Array();
      pieces.unshift(piece);
      wanted -= piece.byteLength;
    }
    return Buffer.concat(pieces);
  }
}

/** The offset just after the last blank line, 0 where there is none. Lines end with LF, CRLF or CR. */
function endOfLastEvent(bytes: Uint8Array): number {
  // A CR at the very end may be half of a CRLF: the next byte tells.
  const last = bytes.byteLength - (bytes.at(-1) === carriageReturn ? 2 : 1);
  for (let at = last; at > 0; at--) {
    const byte = bytes[at];
    if (byte !== lineFeed && byte !== carriageReturn) continue;
    const before = bytes[at - 1];
    if (byte === lineFeed && before === carriageReturn) {
      const lineBefore = bytes[at - 2];
      if (at >= 2 && (lineBefore === lineFeed || lineBefore === carriageReturn)) return at + 1;
      continue;
    }
    if (before === lineFeed || before === carriageReturn) return at + 1;
  }
  return 0;
}
