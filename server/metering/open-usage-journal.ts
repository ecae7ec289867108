import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { Logger } from "../ports/logger.ts";
import type { UsageJournal } from "../ports/usage-journal.ts";
import { UsageFold } from "./fold.ts";
import { FileUsageJournal } from "./journal.ts";
import { UsageStore } from "./usage-store.ts";

export type UsageJournalOptions = {
  /** `<data>/journal`; may be shared by several processes of one machine. */
  readonly folder: string;
  /** The events database. It need not be reachable yet. */
  readonly db: Kysely<Tables>;
  readonly logger: Logger;
  readonly limits: {
    readonly journalSegmentBytesMax: number;
    readonly journalBytesMax: number;
    readonly journalMarkTokens: number;
  };
};

/** The journal of this process, and its way into the database. */
export type RunningUsageJournal = UsageJournal & {
  /** Why no request can be taken now, for `/readyz`; undefined while all is well. */
  problem(): string | undefined;
  /** Length of what is not yet in the database, in bytes. */
  waitingBytes(): number;
  /** Brings all that has ended into the database. Throws the database's error; nothing is lost then. */
  foldNow(): Promise<void>;
  /** Waits, for at most `timeoutMs`, until every request that has started has ended: an end may come after its answer. */
  settled(timeoutMs: number): Promise<void>;
  /** Folds for at most `timeoutMs` (default 5,000) and closes; what is left is replayed by the next process. */
  close(timeoutMs?: number): Promise<void>;
};

const closeTimeoutMs = 5_000;
const settledPollMs = 20;

/**
 * Opens the journal, replays what dead processes left behind, and folds from then on, both in the background.
 * Throws the file system's error where the journal can't be made.
 */
export async function openUsageJournal(options: UsageJournalOptions): Promise<RunningUsageJournal> {
  const { folder, limits, logger } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const journal = await FileUsageJournal.open({
    root: folder,
    segmentBytesMax: limits.journalSegmentBytesMax,
    bytesMax: limits.journalBytesMax,
    markTokens: limits.journalMarkTokens,
    logger,
  });
  const fold = new UsageFold({ journal, root: folder, store: new UsageStore(options.db), logger });
  fold.start();
  return {
    start: (start) => journal.startTogether(start),
    problem: () => journal.problem(),
    waitingBytes: () => journal.byteLength,
    async settled(timeoutMs) {
      const untilMs = performance.now() + timeoutMs;
      while (journal.runningRequests > 0 && performance.now() < untilMs) await delay(settledPollMs);
    },
    foldNow: () => fold.foldNow(),
    close: (timeoutMs = closeTimeoutMs) => fold.close(timeoutMs),
  };
}
