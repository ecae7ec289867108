import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import { describe } from "../http/render.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { markKeysUsed } from "./key-store.ts";

/**
 * Remembers when keys were last used, and writes it down once in a while: a use costs an entry in memory, and any number
 * of uses cost one row.
 */
export class KeyUses {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Key id -> Unix milliseconds of the last use that is not written yet. */
  #unwritten = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Kysely<Tables>, clock: Clock, logger: Logger, writeEveryMs: number) {
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#write(), writeEveryMs);
    this.#timer.unref();
  }

  note(keyId: string): void {
    this.#unwritten.set(keyId, this.#clock.nowMs());
  }

  /** Writes what is not written yet, and no more after that. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#write();
  }

  /** One at a time. What can't be written is tried again with the next round. Never rejects. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeOnce());
    return this.#writing;
  }

  async #writeOnce(): Promise<void> {
    const uses = this.#unwritten;
    if (uses.size === 0) return;
    this.#unwritten = new Map();
    try {
      await inPlatform(this.#db, (transaction) => markKeysUsed(transaction, uses));
    } catch (error) {
      this.#unwritten = new Map([...uses, ...this.#unwritten]);
      this.#logger.log("warn", "the last uses of keys can't be written; trying again", { error: describe(error) });
    }
  }
}
