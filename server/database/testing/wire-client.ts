import { connect, type Socket } from "node:net";
import { headerBytes, message, queryMessage, syncMessage } from "../embedded/wire-messages.ts";

export type WireMessage = { readonly type: string; readonly body: Buffer };

/** A client that speaks Postgres' protocol message by message, to say what no driver would. */
export class WireClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #messages: WireMessage[] = [];
  #wake: () => void = () => undefined;
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Connects without a word. */
  static async connect(socketPath: string): Promise<WireClient> {
    const socket = connect(socketPath);
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return client;
  }

  /** Connects and starts a session. */
  static async open(socketPath: string, parameters: Record<string, string> = {}): Promise<WireClient> {
    const client = await WireClient.connect(socketPath);
    client.socket.write(startupPacket({ user: "postgres", ...parameters }));
    await client.untilReady();
    return client;
  }

  send(...messages: Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** All messages up to the next ReadyForQuery, or to the end of the connection. */
  async untilReady(): Promise<WireMessage[]> {
    for (;;) {
      const index = this.#messages.findIndex(({ type }) => type === "Z");
      if (index >= 0) return this.#messages.splice(0, index + 1);
      if (this.isClosed) return this.#messages.splice(0);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async query(sql: string): Promise<WireMessage[]> {
    this.send(queryMessage(sql));
    return this.untilReady();
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= headerBytes) {
      const end = 1 + this.#received.readInt32BE(1);
      if (this.#received.length < end) break;
      const type = String.fromCharCode(this.#received[0] ?? 0);
      this.#messages.push({ type, body: this.#received.subarray(headerBytes, end) });
      this.#received = this.#received.subarray(end);
    }
    this.#wake();
  }
}

export function startupPacket(parameters: Record<string, string>, code = 196_608): Buffer {
  const texts = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const body = Buffer.from(`${texts.join("")}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, body]);
}

export const wire = {
  sync: syncMessage,
  flush: message("H"),
  parse: (name: string, sql: string) => message("P", `${name}\0${sql}\0`, Buffer.alloc(2)),
  bind: (statement: string, portal = "") => message("B", `${portal}\0${statement}\0`, Buffer.alloc(6)),
  execute: (portal = "") => message("E", `${portal}\0`, Buffer.alloc(4)),
};

/** The types of messages in a row, one letter each. */
export function typesOf(messages: readonly WireMessage[]): string {
  return messages.map(({ type }) => type).join("");
}

/** The first column of each row. */
export function firstColumn(messages: readonly WireMessage[]): string[] {
  return messages
    .filter(({ type }) => type === "D")
    .map(({ body }) => body.toString("utf8", 6, 6 + Math.max(0, body.readInt32BE(2))));
}

/** The SQLSTATE of the first error, if any. */
export function errorState(messages: readonly WireMessage[]): string | undefined {
  const error = messages.find(({ type }) => type === "E");
  return error?.body
    .toString("utf8")
    .split("\0")
    .find((field) => field.startsWith("C"))
    ?.slice(1);
}

/** The transaction's state after the last message: `I`, `T` or `E`. */
export function stateOf(messages: readonly WireMessage[]): string {
  return messages.at(-1)?.body.toString("latin1") ?? "";
}
