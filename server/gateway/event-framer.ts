import { ApiError } from "@headrace/contract/common/errors.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts a stream of bytes into pieces that hold whole server-sent events only, so that something may be put between any
 * two pieces, and so that half an event never reaches a client. A piece may hold several events.
 */
export class EventFramer {
  readonly #eventBytesMax: number;
  #held: Uint8Array | undefined;

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /**
   * The whole events that `bytes` completes; undefined where it completes none.
   * @throws ApiError `upstream_failed` where one event grows past the limit.
   */
  push(bytes: Uint8Array): Uint8Array | undefined {
    const all = this.#held === undefined ? bytes : concat(this.#held, bytes);
    const end = endOfLastEvent(all);
    this.#held = end === all.byteLength ? undefined : all.slice(end);
    if (this.#held !== undefined && this.#held.byteLength > this.#eventBytesMax) {
      throw new ApiError("upstream_failed", "The model's server sent an event that is too large to be relayed.");
    }
    if (end === 0) return undefined;
    return end === all.byteLength ? all : all.subarray(0, end);
  }

  /** Whether the stream ended in the middle of an event. */
  get hasPartialEvent(): boolean {
    return this.#held !== undefined;
  }
}

/** The offset just after the last blank line, 0 where there is none. Lines end with LF, CRLF or CR. */
function endOfLastEvent(bytes: Uint8Array): number {
  for (let at = bytes.byteLength - 1; at > 0; at--) {
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

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.byteLength + second.byteLength);
  all.set(first);
  all.set(second, first.byteLength);
  return all;
}
