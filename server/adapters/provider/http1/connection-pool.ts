import { Deadlines, type Waiting } from "../../../common/deadlines.ts";
import { errorCodeOf } from "../../../config/config-error.ts";
import { Connection, type ConnectionOwner, connectionHandlers } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { WireError } from "./wire-error.ts";

/** How long an idle connection is kept, in milliseconds; most servers close theirs sooner. */
const idleMsMax = 60_000;
const lookEveryMs = 15_000;
/** More idle ones than this are not kept. */
const idleConnectionsMax = 256;

/**
 * The connections to one host, kept for the next request. The one that was used last is used next, so that those that a
 * peak had needed grow old. A request that finds its kept connection closed before a byte of an answer came is sent once
 * more, on a new one: servers close idle connections when they like, and nobody can know while a request is on its way.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly #hostname: string;
  readonly #port: number;
  readonly #connectMs: number;
  readonly #connecting: Deadlines;
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param connectMs how long a connection may take to be accepted, in milliseconds. */
  constructor(hostname: string, port: number, connectMs: number) {
    this.#hostname = hostname;
    this.#port = port;
    this.#connectMs = connectMs;
    this.#connecting = new Deadlines(connectMs);
  }

  /** Runs a request on a connection that is kept, or on a new one. All that goes wrong the exchange is told. */
  run(exchange: Exchange): void {
    const kept = this.#idle.pop();
    if (kept === undefined) void this.#connectFor(exchange);
    else kept.connection.run(exchange);
  }

  onIdle(connection: Connection): void {
    if (this.#idle.length >= idleConnectionsMax) {
      connection.destroy();
      return;
    }
    this.#idle.push({ connection, sinceMs: performance.now() });
    this.#timer ??= this.#look();
  }

  onClosed(connection: Connection): void {
    const index = this.#idle.findLastIndex((kept) => kept.connection === connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  onUnanswered(exchange: Exchange): void {
    void this.#connectFor(exchange);
  }

  async #connectFor(exchange: Exchange): Promise<void> {
    const late = (): void =>
      exchange.fail(new WireError("not-connected", `no connection within ${this.#connectMs} ms`));
    const waiting: Waiting = { sinceMs: performance.now(), expire: late };
    this.#connecting.add(waiting);
    try {
      const connection = await this.#connect();
      // Its caller may have left: then the next one has it.
      if (exchange.isOver) this.onIdle(connection);
      else connection.run(exchange);
    } catch (error) {
      exchange.fail(new WireError("not-connected", `no connection: ${errorCodeOf(error)}`, error));
    } finally {
      this.#connecting.remove(waiting);
    }
  }

  async #connect(): Promise<Connection> {
    const connection = new Connection(this);
    await Bun.connect<Connection>({
      hostname: this.#hostname,
      port: this.#port,
      data: connection,
      socket: connectionHandlers,
    });
    return connection;
  }

  #look(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      const keptSinceMs = performance.now() - idleMsMax;
      const old = this.#idle.filter(({ sinceMs }) => sinceMs < keptSinceMs);
      for (const { connection } of old) {
        this.onClosed(connection);
        connection.destroy();
      }
      if (this.#idle.length > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, lookEveryMs);
    timer.unref();
    return timer;
  }
}
