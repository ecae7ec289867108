import { describe } from "../../../http/render.ts";
import { type Repeated, repeat } from "../../../jobs/repeated.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { LogChunk } from "./log-chunk.ts";
import type { StreamLogStore } from "./stream-log-store.ts";
import { Tail } from "./tail.ts";

/** How often the log is looked at for streams that are read here and may be written elsewhere, in milliseconds. */
const pollMs = 150;

/**
 * The live ends of the streams that are read in this process: one for each stream, whatever the number of its readers,
 * and one look at the database for all of them. What is written in this process arrives without a look.
 */
export class StreamTails {
  readonly #log: Pick<StreamLogStore, "news">;
  readonly #logger: Logger;
  readonly #tails = new Map<string, { readonly tail: Tail; readers: number }>();
  #polling: Repeated | undefined;

  constructor(log: Pick<StreamLogStore, "news">, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  /** Joins the readers of a stream that is logged up to the event `known` at least. To be left with `leave`. */
  join(responseId: string, known: number): Tail {
    const open = this.#tails.get(responseId) ?? { tail: new Tail(known), readers: 0 };
    open.readers++;
    open.tail.reached(known);
    this.#tails.set(responseId, open);
    this.#polling ??= repeat(
      () => this.#poll(),
      pollMs,
      (error) => this.#logger.log("warn", "streams can't be followed now; trying again", { error: describe(error) }),
    );
    return open.tail;
  }

  leave(responseId: string): void {
    const open = this.#tails.get(responseId);
    if (open === undefined || --open.readers > 0) return;
    this.#tails.delete(responseId);
    if (this.#tails.size === 0) this.#stopPolling();
  }

  /** Says that a chunk is in the log by now. */
  told(responseId: string, chunk: LogChunk): void {
    this.#tails.get(responseId)?.tail.push(chunk);
  }

  async #poll(): Promise<void> {
    const known = new Map([...this.#tails].map(([id, { tail }]) => [id, tail.lastSequence]));
    if (known.size === 0) return;
    for (const { responseId, ...chunk } of await this.#log.news(known)) this.told(responseId, chunk);
  }

  #stopPolling(): void {
    // Its last round tells nobody anything any more.
    void this.#polling?.stop();
    this.#polling = undefined;
  }
}
