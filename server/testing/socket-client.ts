import { expect } from "bun:test";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import type { TestServer } from "./test-server.ts";

export type SocketEvent = Record<string, unknown> & { readonly type: string; readonly stream_id?: string };

/** A plain WebSocket client of `/v1/responses`, which keeps all that it was sent. */
export type SocketClient = AsyncDisposable & {
  readonly socket: WebSocket;
  /** Everything that came so far. */
  readonly events: readonly SocketEvent[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Sends a text as it is, anything else as JSON. */
  send(message: unknown): void;
  /** The next event that was not taken yet, of a lane where one is named. Rejects when the connection ends first. */
  next(streamId?: string): Promise<SocketEvent>;
  /** The next turn's events up to its last, whose stream must be without a finding; or the one error that refuses it. */
  turn(streamId?: string): Promise<SocketEvent[]>;
};

/** The runtime's own takes headers, besides what the web's takes. */
const ClientSocket = WebSocket as unknown as new (
  url: string,
  options: { readonly headers: Record<string, string> },
) => WebSocket;

const lastTypes = new Set(["response.completed", "response.incomplete", "response.failed"]);

export async function openSocket(
  server: Pick<TestServer, "url" | "keys">,
  headers: Record<string, string> = {},
): Promise<SocketClient> {
  const socket = new ClientSocket(`${server.url.replace("http", "ws")}/v1/responses`, {
    headers: { authorization: `Bearer ${server.keys.project}`, ...headers },
  });
  const events: SocketEvent[] = [];
  const untaken: SocketEvent[] = [];
  const waiting: (() => void)[] = [];
  const announce = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  let isClosed = false;
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as SocketEvent;
    events.push(event);
    untaken.push(event);
    announce();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      isClosed = true;
      announce();
      resolve({ code, reason });
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    void closed.then(({ code }) => reject(new Error(`The connection was closed with ${code}.`)));
  });
  const next = async (streamId?: string): Promise<SocketEvent> => {
    for (;;) {
      const at = untaken.findIndex((event) => event.stream_id === streamId);
      const [event] = at < 0 ? [] : untaken.splice(at, 1);
      if (event !== undefined) return event;
      if (isClosed) throw new Error("The connection was closed.");
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    socket,
    events,
    closed,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    next,
    async turn(streamId) {
      const taken: SocketEvent[] = [];
      for (;;) {
        const event = await next(streamId);
        taken.push(event);
        // An error that no stream tells has a status, and is the whole turn.
        if (event.type === "error" && event.status !== undefined) return taken;
        if (!lastTypes.has(event.type)) continue;
        expect(validateResponseStream(taken.map(({ stream_id: _, ...data }) => ({ event: undefined, data })))).toEqual(
          [],
        );
        return taken;
      }
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}
