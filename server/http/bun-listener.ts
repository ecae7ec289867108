/** Longest silence of a connection, in seconds: a body that trickles in is cut by it. */
const idleTimeoutSeconds = 120;

/** What a request came on. */
export type Connection = {
  /** The other end's address; a proxy's where there is one in front, undefined on a Unix socket. */
  readonly peerAddress: string | undefined;
  /** Lifts the idle limit of this request: a model may think for minutes before its first byte. */
  readonly allowSilence: () => void;
};

export type Listener = {
  readonly url: string;
  /** Takes no new connections and waits for the running requests, at most `graceMs`; then `cut` is called and the rest ends. */
  stop(graceMs: number, cut: () => void): Promise<void>;
};

export type ListenOptions = {
  readonly where: { readonly host: string; readonly port: number } | { readonly unixSocket: string };
  readonly handle: (request: Request, connection: Connection) => Promise<Response>;
  /** The last line of defence; the pipeline refuses at a smaller size with a proper error. */
  readonly bodyBytesMax: number;
};

/** Serves HTTP with Bun.serve. */
export function listen(options: ListenOptions): Listener {
  const common = {
    idleTimeout: idleTimeoutSeconds,
    maxRequestBodySize: options.bodyBytesMax,
    fetch(request: Request, server: Bun.Server<undefined>): Promise<Response> {
      return options.handle(request, {
        get peerAddress() {
          return server.requestIP(request)?.address;
        },
        allowSilence: () => server.timeout(request, 0),
      });
    },
    error(): Response {
      return Response.json(
        { error: { message: "The server had an error.", type: "server_error", param: null, code: "server_error" } },
        { status: 500 },
      );
    },
  };
  const { where } = options;
  const server: Bun.Server<undefined> =
    "unixSocket" in where
      ? Bun.serve({
          error: common.error,
          fetch: common.fetch,
          maxRequestBodySize: common.maxRequestBodySize,
          unix: where.unixSocket,
        })
      : Bun.serve({ ...common, hostname: where.host, port: where.port });
  return {
    url: "unixSocket" in where ? where.unixSocket : `http://${hostForUrl(where.host)}:${server.port}`,
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

function hostForUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
