import type { Socket, SocketHandler } from "bun";
import type { Exchange, ExchangeConnection } from "./exchange.ts";
import { ResponseParser } from "./response-parser.ts";
import { WireError } from "./wire-error.ts";

/** Who a connection tells of itself. */
export type ConnectionOwner = {
  /** It has served its request and can have another. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
  /** It was closed before a byte of an answer, and had served others before: the request is to be sent on another. */
  onUnanswered(exchange: Exchange): void;
};

/** A connection to a provider; it serves one request at a time. */
export class Connection implements ExchangeConnection {
  readonly #owner: ConnectionOwner;
  #socket: Socket<Connection> | undefined;
  #exchange: Exchange | undefined;
  #parser: ResponseParser | undefined;
  /** What the kernel has not taken of the request. */
  #unsent: Uint8Array[] = [];
  #hasServed = false;
  #isClosed = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
  }

  opened(socket: Socket<Connection>): void {
    this.#socket = socket;
    // A kept connection must not keep a process that stops; one that waits for an answer is kept by who asked for it.
    socket.unref();
  }

  run(exchange: Exchange): void {
    if (this.#isClosed) {
      exchange.fail(new WireError("unanswered", "the connection was closed at once"));
      return;
    }
    this.#exchange = exchange;
    this.#parser = new ResponseParser(exchange);
    exchange.attach(this);
    this.#unsent = [...exchange.request];
    this.drain();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  destroy(): void {
    this.#isClosed = true;
    this.#exchange = undefined;
    this.#socket?.terminate();
  }

  /** Goes on sending where the kernel has room again. */
  drain(): void {
    for (let piece = this.#unsent[0]; piece !== undefined; piece = this.#unsent[0]) {
      const taken = this.#socket?.write(piece) ?? 0;
      if (taken < piece.byteLength) {
        if (taken > 0) this.#unsent[0] = piece.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  data(bytes: Buffer): void {
    const parser = this.#parser;
    if (this.#exchange === undefined || parser === undefined) {
      // Nothing was asked: whatever it says, the next answer can't be told from it.
      this.destroy();
      return;
    }
    let isAllOurs: boolean;
    try {
      isAllOurs = parser.push(bytes);
    } catch (error) {
      this.#fail(error);
      return;
    }
    // The exchange may have been given up by what it was told.
    if (!parser.hasEnded || this.#isClosed) return;
    this.#exchange = undefined;
    this.#hasServed = true;
    if (isAllOurs && parser.keepsAlive && this.#unsent.length === 0) this.#owner.onIdle(this);
    else this.destroy();
  }

  /** @param error why it ended, where that was no peaceful end. */
  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.#owner.onClosed(this);
    const exchange = this.#exchange;
    if (exchange === undefined || this.#parser === undefined) return;
    this.#exchange = undefined;
    if (this.#hasServed && !this.#parser.hasBegun) {
      this.#owner.onUnanswered(exchange);
      return;
    }
    try {
      this.#parser.finish(error);
    } catch (failure) {
      exchange.fail(failure);
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    const exchange = this.#exchange;
    this.destroy();
    exchange?.fail(error);
  }
}

/** One set for all connections: which one is meant stands in the socket's data. */
export const connectionHandlers: SocketHandler<Connection, "buffer"> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.data(bytes),
  drain: (socket) => socket.data.drain(),
  close: (socket, error) => socket.data.closed(error),
  // What `connect` rejects with says it.
  connectError: () => undefined,
};
