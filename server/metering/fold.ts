import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../ports/logger.ts";
import type { AccountedRequest } from "./accounted-request.ts";
import { foldRequests } from "./fold-requests.ts";
import type { FileUsageJournal } from "./journal.ts";
import { JournalTail } from "./journal-tail.ts";
import { logCut } from "./log-cut.ts";
import { replayDeadJournals } from "./replay.ts";
import type { UsageStore } from "./usage-store.ts";

export type FoldParts = {
  readonly journal: FileUsageJournal;
  /** The folder that holds the folders of all processes. */
  readonly root: string;
  readonly store: UsageStore;
  readonly logger: Logger;
};

const periodMs = 1_000;
const backoffMsMax = 30_000;
/** A process that died beside this one, and was not started again, is replayed after this time at most. */
const replayPeriodMs = 60_000;
/**
 * The embedded database serves nobody else for as long as one insert takes, some 75 ms with this many; more at a time
 * were not faster.
 */
const requestsPerInsert = 1_000;

/** Brings the journal into the database, once a second, for as long as it runs. */
export class UsageFold {
  readonly #parts: FoldParts;
  readonly #tail: JournalTail;
  /** Read and not yet committed; their records are still on disk. */
  #uncommitted: AccountedRequest[] = [];
  #current: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  /** Apart from the loop: the journal has to recover also while the database is waited for. */
  #checks: ReturnType<typeof setInterval> | undefined;
  readonly #stopping = new AbortController();
  #failures = 0;
  #replayedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: FoldParts) {
    this.#parts = parts;
    this.#tail = new JournalTail(
      () => parts.journal.segments(),
      (cut) => logCut(parts.logger, cut),
    );
  }

  /** Starts the loop: at once what dead processes left behind, then what this one writes. */
  start(): void {
    this.#checks ??= setInterval(() => this.#parts.journal.check(), periodMs);
    this.#loop ??= this.#run().catch((error: unknown) => {
      this.#parts.logger.log("error", "the folding of usage has stopped", { reason: reasonOf(error) });
    });
  }

  /**
   * Folds all that has ended by now; waits for a fold that is under way. Throws the database's error where it takes
   * nothing now: then all is still in the journal.
   */
  async foldNow(): Promise<void> {
    while (this.#current !== undefined) await this.#current.catch(() => undefined);
    this.#current = this.#foldAll();
    try {
      await this.#current;
    } finally {
      this.#current = undefined;
    }
  }

  /**
   * Ends the loop, folds what it can within `timeoutMs`, and closes the journal. What is left stays on disk and is
   * replayed by the next process.
   */
  async close(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#checks);
    const timer = new AbortController();
    const finishing = this.#finish();
    const isAllFolded = await Promise.race([finishing, delay(timeoutMs, false, { signal: timer.signal })]);
    timer.abort();
    // A request may have ended since the last fold.
    this.#parts.journal.close(isAllFolded && this.#isAtEnd());
    if (isAllFolded) this.#tail.close();
  }

  #isAtEnd(): boolean {
    const last = this.#parts.journal.segments().at(-1);
    const { segment, offset } = this.#tail.position;
    return last?.number === segment && last.byteLength === offset;
  }

  async #finish(): Promise<boolean> {
    try {
      await this.#loop;
      await this.foldNow();
      return true;
    } catch (error) {
      this.#parts.logger.log("warn", "usage is left in the journal for the next start", { reason: reasonOf(error) });
      return false;
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.foldNow();
        await this.#replayWhenDue();
        if (this.#failures > 0) this.#parts.logger.log("info", "the database takes usage again");
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        const fields = { reason: reasonOf(error), failures: this.#failures };
        this.#parts.logger.log(this.#failures === 1 ? "error" : "warn", "usage could not be folded", fields);
      }
      const pauseMs = Math.min(periodMs * 2 ** this.#failures, backoffMsMax);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(ignoreAbort);
    }
  }

  async #foldAll(): Promise<void> {
    for (;;) {
      if (this.#uncommitted.length === 0) {
        this.#uncommitted = await this.#tail.next();
        // All that was returned before is committed, and what is returned now comes from the segment at the position.
        this.#parts.journal.removeSegmentsBefore(this.#tail.position.segment);
      }
      if (this.#uncommitted.length === 0) return;
      const batch = this.#uncommitted.slice(0, requestsPerInsert);
      await foldRequests(batch, this.#parts);
      this.#uncommitted = this.#uncommitted.slice(batch.length);
    }
  }

  async #replayWhenDue(): Promise<void> {
    if (performance.now() - this.#replayedAtMs < replayPeriodMs) return;
    await replayDeadJournals(this.#parts);
    this.#replayedAtMs = performance.now();
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
