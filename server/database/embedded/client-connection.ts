import type { Socket } from "node:net";
import { BatchCollector } from "./client-batch.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Scheduler, SchedulerClient } from "./scheduler.ts";
import { parseStartup, startupReply } from "./startup.ts";
import { clientMessage, errorMessage, ProtocolError } from "./wire-messages.ts";

/** A client that leaves this much of its answers unread is not served further until it reads. */
const unreadBytesPause = 1024 * 1024;
/** A client that leaves this much unread is cut off; one answer must be smaller than this. */
const unreadBytesMax = 128 * 1024 * 1024;
/** The client's socket is not read while this many bytes of its batches wait. */
const waitingBytesPause = 4 * 1024 * 1024;
const startupMsMax = 10_000;

/** One client of the front: its bytes in, its batches to the scheduler, its answers out. */
export class ClientConnection implements SchedulerClient {
  readonly #socket: Socket;
  readonly #scheduler: Scheduler;
  readonly #id: number;
  readonly #serverVersion: string;
  readonly #refusal: { readonly sqlState: string; readonly reason: string } | undefined;
  readonly #reader = new FrameReader();
  readonly #collector: BatchCollector;
  readonly #startupTimer: NodeJS.Timeout;
  #phase: "startup" | "session" | "ended" = "startup";
  #waitingBytes = 0;
  role: string | undefined;

  /** With `refusal` the client is told so, as SQLSTATE and reason, once it has said who it is. */
  constructor(
    socket: Socket,
    scheduler: Scheduler,
    id: number,
    serverVersion: string,
    refusal?: { readonly sqlState: string; readonly reason: string },
  ) {
    this.#socket = socket;
    this.#scheduler = scheduler;
    this.#id = id;
    this.#serverVersion = serverVersion;
    this.#refusal = refusal;
    this.#collector = new BatchCollector(id);
    this.#startupTimer = setTimeout(() => this.cut("57014", "no start-up packet came in time"), startupMsMax);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => scheduler.wake());
  }

  get statementNames(): ReadonlySet<string> {
    return this.#collector.names;
  }

  get isReading(): boolean {
    return this.#socket.writableLength < unreadBytesPause;
  }

  listensTo(channel: string): boolean {
    return this.#collector.channels.has(channel);
  }

  send(bytes: Buffer): void {
    if (this.#phase === "ended") return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > unreadBytesMax) this.end();
  }

  /** To be called when one of its batches has been taken up by the scheduler. */
  onBatchTaken(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes < waitingBytesPause) this.#socket.resume();
  }

  /** Tells the client why, and closes. */
  cut(sqlState: string, reason: string): void {
    this.send(errorMessage("FATAL", sqlState, reason));
    this.#phase = "ended";
    clearTimeout(this.#startupTimer);
    this.#socket.end();
    // A client that does not read does not see the end either.
    this.#socket.destroySoon();
  }

  /** Closes without a word. */
  end(): void {
    this.#phase = "ended";
    clearTimeout(this.#startupTimer);
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === "ended") return;
    try {
      this.#reader.push(chunk);
      while (this.#phase === "startup" && this.#takeStartup());
      while (this.#phase === "session" && this.#takeMessage());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.cut(error.sqlState, error.message);
    }
  }

  #takeStartup(): boolean {
    const packet = this.#reader.takeStartup();
    if (packet === undefined) return false;
    const request = parseStartup(packet);
    switch (request.kind) {
      case "encryption":
        this.#socket.write("N");
        return true;
      case "cancel":
        // One thread runs the statement: when this is read there is nothing to cancel. Postgres answers nothing either.
        this.end();
        return false;
      case "session":
        if (this.#refusal !== undefined) {
          this.cut(this.#refusal.sqlState, this.#refusal.reason);
          return false;
        }
        this.role = roleOf(request.parameters);
        clearTimeout(this.#startupTimer);
        this.#phase = "session";
        this.#scheduler.enter(this);
        this.send(startupReply(this.#id, this.#serverVersion));
        return true;
    }
  }

  #takeMessage(): boolean {
    const received = this.#reader.takeMessage();
    if (received === undefined) return false;
    if (received[0] === clientMessage.terminate) {
      this.#phase = "ended";
      this.#socket.end();
      return false;
    }
    const batch = this.#collector.add(received);
    if (batch !== undefined) {
      this.#waitingBytes += batch.bytes;
      if (this.#waitingBytes >= waitingBytesPause) this.#socket.pause();
      this.#scheduler.submit(this, batch);
    }
    return true;
  }
}

/** The start-up parameter `role`, which Postgres takes as SET ROLE; only plain names, since it becomes SQL. */
function roleOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const role = parameters.get("role");
  if (role === undefined) return undefined;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new ProtocolError(`not a role's name: ${role}`, "22023");
  return role;
}
