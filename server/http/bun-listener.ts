import type { RawSocket, SocketEvents } from "./raw-socket.ts";

/** Longest silence of a WebSocket, in seconds; the heartbeat pings sooner. */
const webSocketIdleSeconds = 120;

/** What a request came on. */
export type Connection = {
  /** The other end's address; a proxy's where there is one in front, undefined on a Unix socket. */
  readonly peerAddress: string | undefined;
  /** Lifts the idle limit until the request is answered: a model may think for minutes before its first byte. */
  allowSilence(): void;
  /**
   * Makes a WebSocket of the request, which then gets no answer.
   * @param headers of the answer 101.
   * @returns false where the request is no handshake of RFC 6455.
   */
  upgrade(headers: Record<string, string>, events: SocketEvents): boolean;
};

export type Listener = {
  readonly url: string;
  /** From now on each answer ends its connection: who keeps connections opens its next one elsewhere. */
  endConnections(): void;
  /** Takes no new connections and waits for the running requests, at most `graceMs`; then `cut` is called and the rest ends. */
  stop(graceMs: number, cut: () => void): Promise<void>;
};

export type ListenOptions = {
  readonly where:
    | { readonly host: string; readonly port: number; readonly idleMs: number }
    | { readonly unixSocket: string };
  /** Gives no answer where the connection was upgraded. */
  readonly handle: (request: Request, connection: Connection) => Promise<Response | undefined>;
  /** The last line of defence; the pipeline refuses at a smaller size with a proper error. */
  readonly bodyBytesMax: number;
  /** A larger message of a WebSocket closes it with 1009. */
  readonly messageBytesMax: number;
};

/**
 * Serves HTTP with Bun.serve. Whatever the idle limit, Bun closes a connection on which the first head is not there after
 * 10 seconds, looking every 4.
 */
export function listen(options: ListenOptions): Listener {
  const { where } = options;
  const idleSeconds = "unixSocket" in where ? 0 : Math.ceil(where.idleMs / 1_000);
  let isEnding = false;
  const common = {
    maxRequestBodySize: options.bodyBytesMax,
    async fetch(request: Request, server: Bun.Server<SocketEvents>): Promise<Response | undefined> {
      const response = await options.handle(request, new BunConnection(request, server));
      if (response === undefined) return undefined;
      // Bun keeps what is said of a request for all that follow on its connection, which could stay for ever.
      server.timeout(request, idleSeconds);
      // RFC 9112 section 9.6.
      if (isEnding) response.headers.set("connection", "close");
      return response;
    },
    error(): Response {
      return Response.json(
        { error: { message: "The server had an error.", type: "server_error", param: null, code: "server_error" } },
        { status: 500 },
      );
    },
    websocket: webSocketHandler(options.messageBytesMax),
  };
  const server: Bun.Server<SocketEvents> =
    "unixSocket" in where
      ? Bun.serve({ ...common, unix: where.unixSocket })
      : Bun.serve({ ...common, hostname: where.host, port: where.port, idleTimeout: idleSeconds });
  return {
    url: "unixSocket" in where ? where.unixSocket : `http://${hostForUrl(where.host)}:${server.port}`,
    endConnections() {
      isEnding = true;
    },
    async stop(graceMs, cut) {
      const drained = server.stop();
      const inTime = await Promise.race([drained.then(() => true), sleep(graceMs).then(() => false)]);
      if (inTime) return;
      cut();
      await Promise.race([drained, sleep(1_000)]);
      await server.stop(true);
    },
  };
}

/** Asks the runtime for nothing that nobody asks of it. */
class BunConnection implements Connection {
  readonly #request: Request;
  readonly #server: Bun.Server<SocketEvents>;

  constructor(request: Request, server: Bun.Server<SocketEvents>) {
    this.#request = request;
    this.#server = server;
  }

  get peerAddress(): string | undefined {
    return this.#server.requestIP(this.#request)?.address;
  }

  allowSilence(): void {
    this.#server.timeout(this.#request, 0);
  }

  upgrade(headers: Record<string, string>, events: SocketEvents): boolean {
    return this.#server.upgrade(this.#request, { headers, data: events });
  }
}

function webSocketHandler(messageBytesMax: number): Bun.WebSocketHandler<SocketEvents> {
  return {
    maxPayloadLength: messageBytesMax,
    // Nothing is ever dropped in silence: who writes stops at the first sign that the client does not read.
    backpressureLimit: 0,
    idleTimeout: webSocketIdleSeconds,
    // The heartbeat pings sooner, as proxies want it.
    sendPings: false,
    open: (socket) => socket.data.opened(rawSocket(socket)),
    message: (socket, message) => (typeof message === "string" ? socket.data.text(message) : socket.data.binary()),
    pong: (socket) => socket.data.pong(),
    drain: (socket) => socket.data.drained(socket.getBufferedAmount()),
    close: (socket, code) => socket.data.closed(code),
  };
}

function rawSocket(socket: Bun.ServerWebSocket<SocketEvents>): RawSocket {
  return {
    write: (text) => socket.send(text) !== -1,
    ping: () => void socket.ping(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

function hostForUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
