import { appendFileSync, writeFileSync } from "node:fs";

/** What the upstream did for one request: the truth that receipts and bills are held against. */
export type UpstreamRecord = {
  /** The client's name for its request, from the plan. */
  readonly case?: string;
  /** The gateway's, from `x-client-request-id`. */
  readonly requestId?: string;
  readonly path: string;
  readonly stream: boolean;
  readonly status: number;
  readonly fault?: string;
  /** Bytes of the body and tokens in it that the kernel took from us: the reader can have no more. */
  readonly bytesWritten: number;
  readonly tokensWritten: number;
  /** Whether the whole answer went out, its terminal event too. */
  readonly complete: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

const flushMs = 20;

/** One JSON line for each request, written in batches; `flush` before anybody reads. */
export class UpstreamJournal {
  readonly #path: string | undefined;
  #waiting = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param path undefined keeps none: a bench lane that wants figures only. */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) writeFileSync(path, "");
  }

  add(record: UpstreamRecord): void {
    if (this.#path === undefined) return;
    this.#waiting += `${JSON.stringify(record)}\n`;
    this.#timer ??= setTimeout(() => this.flush(), flushMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#path !== undefined && this.#waiting !== "") appendFileSync(this.#path, this.#waiting);
    this.#waiting = "";
  }
}
