import { connect, type Socket } from "bun";

/** What an answer that is read says of itself as it comes. Times are monotonic milliseconds. */
export type AnswerReader = {
  /** The head is here, and perhaps nothing else yet. */
  head(status: number, hasRetryAfter: boolean): void;
  /** A piece of the body, without the framing of chunks; gone after the call. */
  body(bytes: Buffer): void;
  /** The answer is whole. */
  end(): void;
  /** The connection broke off; it can't be used again. */
  broken(): void;
};

const headEnd = Buffer.from("\r\n\r\n");
const none = Buffer.alloc(0);
const lineFeed = 0x0a;

/** Where the reader stands within an answer. */
type Place =
  | { readonly kind: "head" }
  | { readonly kind: "body"; left: number }
  | { readonly kind: "chunk-size" }
  | { readonly kind: "chunk"; left: number }
  /** The line behind the last chunk. */
  | { readonly kind: "trailer" };

/**
 * One keep-alive connection over HTTP/1.1 on a bare socket, one request at a time: a load generator must cost less than
 * what it measures.
 */
export class HttpConnection {
  readonly #socket: Socket<HttpConnection>;
  #reader: AnswerReader | undefined;
  #place: Place = { kind: "head" };
  #rest: Buffer = none;
  #unsent: Buffer = none;

  private constructor(socket: Socket<HttpConnection>) {
    this.#socket = socket;
  }

  static async open(host: string, port: number): Promise<HttpConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpConnection>();
    await connect<HttpConnection>({
      hostname: host,
      port,
      socket: {
        open(socket) {
          socket.data = new HttpConnection(socket);
          resolve(socket.data);
        },
        data: ({ data }, bytes) => data.#receive(bytes),
        drain: ({ data }) => data.#sendOn(),
        close: (socket) => brokenOff(socket),
        error: (socket) => brokenOff(socket),
        connectError: (_, error) => reject(error),
      },
    });
    return promise;
  }

  /** For the socket. */
  broken(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.broken();
  }

  /** @param request head and body as they stand on the wire. */
  send(request: Buffer, reader: AnswerReader): void {
    this.#reader = reader;
    this.#unsent = request;
    this.#sendOn();
  }

  /** Reads no further: the kernel's buffers fill, and then the other side's. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#reader = undefined;
    this.#socket.terminate();
  }

  #sendOn(): void {
    if (this.#unsent.byteLength === 0) return;
    const taken = Math.max(0, this.#socket.write(this.#unsent));
    this.#unsent = taken === this.#unsent.byteLength ? none : this.#unsent.subarray(taken);
  }

  #receive(bytes: Buffer): void {
    let left = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = none;
    while (left.byteLength > 0) {
      const taken = this.#read(left);
      // A copy, since the socket's buffer is used again.
      if (taken === 0) this.#rest = Buffer.from(left);
      left = taken === 0 ? none : left.subarray(taken);
    }
  }

  /** Reads one step; returns how many bytes it took, 0 where it needs more. */
  #read(bytes: Buffer): number {
    const place = this.#place;
    switch (place.kind) {
      case "head":
        return this.#readHead(bytes);
      case "chunk-size":
        return this.#readChunkSize(bytes);
      case "trailer":
        if (bytes.byteLength < 2) return 0;
        this.#end();
        return 2;
      default: {
        const taken = Math.min(place.left, bytes.byteLength);
        // The two bytes behind a chunk's data are its frame's.
        const data = place.kind === "chunk" ? Math.min(taken, Math.max(0, place.left - 2)) : taken;
        place.left -= taken;
        if (data > 0) this.#reader?.body(bytes.subarray(0, data));
        if (place.left === 0) {
          if (place.kind === "chunk") this.#place = { kind: "chunk-size" };
          else this.#end();
        }
        return taken;
      }
    }
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf(headEnd);
    if (end < 0) return 0;
    const head = bytes.toString("latin1", 0, end).toLowerCase();
    this.#reader?.head(Number(head.slice(9, 12)), head.includes("\r\nretry-after:"));
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length === undefined) this.#place = { kind: "chunk-size" };
    else if (length === "0") this.#end();
    else this.#place = { kind: "body", left: Number(length) };
    return end + headEnd.byteLength;
  }

  #readChunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(lineFeed);
    if (end < 0) return 0;
    const size = Number.parseInt(bytes.toString("latin1", 0, end), 16);
    this.#place = size === 0 ? { kind: "trailer" } : { kind: "chunk", left: size + 2 };
    return end + 1;
  }

  #end(): void {
    this.#place = { kind: "head" };
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.end();
  }
}

/** A socket that was never opened has no connection. */
function brokenOff(socket: Socket<HttpConnection | undefined>): void {
  socket.data?.broken();
}
