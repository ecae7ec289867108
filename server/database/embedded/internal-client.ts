import type { Scheduler, SchedulerClient } from "./scheduler.ts";
import { headerBytes, queryMessage, serverMessage } from "./wire-messages.ts";

/** Runs statements of the child's own between those of the clients, as the owner of the database. */
export class InternalClient implements SchedulerClient {
  readonly #scheduler: Scheduler;
  readonly role = undefined;
  readonly statementNames: ReadonlySet<string> = new Set();
  readonly isReading = true;
  #settle: { resolve: (rows: string[][]) => void; reject: (error: Error) => void } | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    scheduler.enter(this);
  }

  /** The rows of one statement, all values as text and NULL as "". One statement at a time. */
  query(sql: string): Promise<string[][]> {
    if (this.#settle !== undefined)
      return Promise.reject(new Error("the internal client runs one statement at a time"));
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      const query = queryMessage(sql);
      this.#scheduler.submit(this, {
        messages: [query],
        bytes: query.length,
        endsWith: "query",
        needsUnnamedStatement: false,
        unnamedParse: undefined,
      });
    });
  }

  listensTo(): boolean {
    return false;
  }

  onBatchTaken(): void {}

  cut(_sqlState: string, reason: string): void {
    this.#settle?.reject(new Error(reason));
    this.#settle = undefined;
  }

  /** The scheduler sends the whole answer to a batch at once. */
  send(bytes: Buffer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    const rows: string[][] = [];
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
      if (bytes[at] === serverMessage.error) {
        const end = at + 1 + bytes.readInt32BE(at + 1);
        settle?.reject(new Error(bytes.toString("utf8", at + headerBytes, end).replaceAll("\0", " ")));
        return;
      }
      if (bytes[at] === serverMessage.dataRow) rows.push(readRow(bytes, at + headerBytes));
    }
    settle?.resolve(rows);
  }
}

function readRow(bytes: Buffer, start: number): string[] {
  const values: string[] = [];
  let at = start + 2;
  for (let remaining = bytes.readInt16BE(start); remaining > 0; remaining--) {
    const length = bytes.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? "" : bytes.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return values;
}
