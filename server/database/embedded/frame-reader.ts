import { headerBytes, ProtocolError } from "./wire-messages.ts";

/** Longest single message that a client may send. WebAssembly memory grows to several times a message and stays so. */
export const messageBytesMax = 32 * 1024 * 1024;

/** Cuts a client's byte stream into messages; a start-up packet, which has no type byte, comes first. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next start-up packet without its length, or `undefined` while it is not complete. */
  takeStartup(): Buffer | undefined {
    const length = this.#peekLength(0);
    if (length === undefined) return undefined;
    if (length < 8 || length > 10_000) throw new ProtocolError("not a start-up packet");
    return this.#take(length)?.subarray(4);
  }

  /** The next whole message, type and length included, or `undefined` while it is not complete. */
  takeMessage(): Buffer | undefined {
    const length = this.#peekLength(1);
    if (length === undefined) return undefined;
    if (length < 4) throw new ProtocolError("a message of a wrong length");
    if (length > messageBytesMax) {
      throw new ProtocolError(`a message of ${length} bytes; at most ${messageBytesMax} are taken`, "54000");
    }
    return this.#take(length + 1);
  }

  #peekLength(at: number): number | undefined {
    if (this.#bytes < at + 4) return undefined;
    return this.#join(headerBytes).readInt32BE(at);
  }

  #take(length: number): Buffer | undefined {
    if (this.#bytes < length) return undefined;
    const joined = this.#join(length);
    const rest = joined.subarray(length);
    this.#chunks[0] = rest;
    if (rest.length === 0) this.#chunks.shift();
    this.#bytes -= length;
    return joined.subarray(0, length);
  }

  /** Makes the first chunk hold at least `length` bytes, as far as there are that many; joins no more than it must. */
  #join(length: number): Buffer {
    let count = 0;
    let bytes = 0;
    while (count < this.#chunks.length && bytes < length) bytes += this.#chunks[count++]?.length ?? 0;
    if (count > 1) this.#chunks.splice(0, count, Buffer.concat(this.#chunks.slice(0, count)));
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}
