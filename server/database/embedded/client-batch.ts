import { ruleOn } from "./statement-rules.ts";
import { clientMessage, headerBytes, message, ProtocolError, readText } from "./wire-messages.ts";

/** Messages of one client up to a Sync, Query or Flush: they run together, without another client's in between. */
export type ClientBatch = {
  readonly messages: readonly Buffer[];
  readonly bytes: number;
  /** Flush leaves the batch's transaction open, whatever the engine says of its state. */
  readonly endsWith: "sync" | "query" | "flush";
  /** It binds or describes the unnamed statement of an earlier batch. */
  readonly needsUnnamedStatement: boolean;
  /** The last message in it that makes an unnamed statement. */
  readonly unnamedParse: Buffer | undefined;
};

/** Together, the messages of a batch may have this many bytes. */
export const batchBytesMax = 64 * 1024 * 1024;

/**
 * Collects a client's messages into batches. Statement names get the connection's number in front, so that the names of
 * different clients never meet in the one session; `names` are those that may exist there.
 */
export class BatchCollector {
  readonly #prefix: string;
  readonly names = new Set<string>();
  readonly channels = new Set<string>();
  #messages: Buffer[] = [];
  #bytes = 0;
  #needsUnnamedStatement = false;
  #unnamedParse: Buffer | undefined;

  constructor(connectionId: number) {
    this.#prefix = `${connectionId}_`;
  }

  /** Takes one message; returns the batch that it completes. */
  add(received: Buffer): ClientBatch | undefined {
    const rewritten = this.#rewrite(received);
    this.#messages.push(rewritten);
    this.#bytes += rewritten.length;
    if (this.#bytes > batchBytesMax) throw new ProtocolError(`more than ${batchBytesMax} bytes before a Sync`, "54000");
    const endsWith = batchEnds.get(received[0] ?? 0);
    if (endsWith === undefined) return undefined;
    const batch: ClientBatch = {
      messages: this.#messages,
      bytes: this.#bytes,
      endsWith,
      needsUnnamedStatement: this.#needsUnnamedStatement,
      unnamedParse: this.#unnamedParse,
    };
    this.#messages = [];
    this.#bytes = 0;
    this.#needsUnnamedStatement = false;
    this.#unnamedParse = undefined;
    return batch;
  }

  #rewrite(received: Buffer): Buffer {
    switch (received[0]) {
      case clientMessage.query: {
        const { text } = readText(received, headerBytes);
        const replacement = this.#rule(text);
        return replacement === undefined ? received : message("Q", replacement, "\0");
      }
      case clientMessage.parse: {
        const name = readText(received, headerBytes);
        const sql = readText(received, name.end + 1);
        const replacement = this.#rule(sql.text);
        const parse = message(
          "P",
          this.#prefixed(name.text, "made"),
          "\0",
          replacement ?? sql.text,
          received.subarray(sql.end),
        );
        if (name.text === "") this.#unnamedParse = parse;
        return parse;
      }
      case clientMessage.bind: {
        const portal = readText(received, headerBytes);
        const statement = readText(received, portal.end + 1);
        const name = this.#prefixed(statement.text, "used");
        return message("B", portal.text, "\0", name, received.subarray(statement.end));
      }
      case clientMessage.describe:
      case clientMessage.close: {
        if (received[headerBytes] !== statementKind) return received;
        const isClose = received[0] === clientMessage.close;
        const { text } = readText(received, headerBytes + 1);
        return message(received[0], "S", this.#prefixed(text, isClose ? "closed" : "used"), "\0");
      }
      default:
        return received;
    }
  }

  #prefixed(name: string, action: "made" | "used" | "closed"): string {
    if (name === "") {
      if (action === "used" && this.#unnamedParse === undefined) this.#needsUnnamedStatement = true;
      return "";
    }
    const prefixed = this.#prefix + name;
    if (action === "made") this.names.add(prefixed);
    if (action === "closed") this.names.delete(prefixed);
    return prefixed;
  }

  /** What to run instead of `sql`, if anything; keeps account of the channels that the client listens to. */
  #rule(sql: string): string | undefined {
    const ruling = ruleOn(sql);
    if (ruling?.listen !== undefined) this.channels.add(ruling.listen);
    if (ruling?.unlisten === "*") this.channels.clear();
    else if (ruling?.unlisten !== undefined) this.channels.delete(ruling.unlisten);
    return ruling?.replacement;
  }
}

const statementKind = "S".charCodeAt(0);

const batchEnds: ReadonlyMap<number, ClientBatch["endsWith"]> = new Map([
  [clientMessage.sync, "sync"],
  [clientMessage.query, "query"],
  [clientMessage.flush, "flush"],
]);
