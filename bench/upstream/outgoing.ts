import type { Socket } from "bun";

/** Bytes of the body that one piece on the wire carries, and tokens in them. */
type Piece = { readonly wire: Buffer; readonly bodyBytes: number; readonly tokens: number };

/** What the kernel has taken of an answer, and what waits for it. */
export class Outgoing {
  readonly #socket: Socket<unknown>;
  readonly #waiting: Piece[] = [];
  /** Bytes of the first waiting piece that are out. */
  #begun = 0;
  bodyBytes = 0;
  tokens = 0;

  constructor(socket: Socket<unknown>) {
    this.#socket = socket;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @returns whether all of it is out; else `drain` goes on. */
  write(piece: Piece): boolean {
    this.#waiting.push(piece);
    return this.#waiting.length === 1 && this.drain();
  }

  drain(): boolean {
    for (;;) {
      const piece = this.#waiting[0];
      if (piece === undefined) return true;
      const left = this.#begun === 0 ? piece.wire : piece.wire.subarray(this.#begun);
      const taken = Math.max(0, this.#socket.write(left));
      this.#begun += taken;
      if (taken < left.byteLength) return false;
      this.#waiting.shift();
      this.#begun = 0;
      this.bodyBytes += piece.bodyBytes;
      this.tokens += piece.tokens;
    }
  }
}
