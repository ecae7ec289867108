import type { TokenUsage } from "@headrace/contract/common/operation.ts";

/**
 * How a metered request ended. `interrupted`: its process ended before it did; the replay after a crash writes it, and a
 * process that stops and leaves its work to others.
 */
export type UsageStatus = "completed" | "incomplete" | "failed" | "client_left" | "cancelled" | "interrupted";

export type UsageStart = {
  readonly requestId: string;
  /** 1 for the first try at an upstream; each further try is a row of its own. */
  readonly attempt: number;
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly operation: string;
  readonly model: string;
  readonly upstream: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
};

export type UsageEnd = {
  readonly status: UsageStatus;
  /**
   * Exact tokens as the upstream reported them. Without it the counted output tokens stand, marked as estimated; so they
   * do where it reported fewer.
   */
  readonly usage?: TokenUsage;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs?: number;
};

/** The running account of one attempt. */
export interface UsageMeter {
  /**
   * Says that `tokens` more output tokens are about to be sent. The journal then holds a mark that covers them, at most
   * 64 tokens ahead; returns only after that append. Throws an ApiError `storage_unavailable` where it can't be written.
   */
  advance(tokens: number): void;
  /** Writes the end record; the first call counts, later ones do nothing. Never throws. */
  end(end: UsageEnd): void;
  /** Like `end`, in one write with all that start and end in this turn of the event loop. Never rejects. */
  endTogether(end: UsageEnd): Promise<void>;
}

/** The write-ahead account of all usage of this process. */
export interface UsageJournal {
  /**
   * Writes the start record before any upstream is called, in one write with all that start and end in this turn of the
   * event loop. Rejects with an ApiError `storage_unavailable` where it can't.
   */
  start(start: UsageStart): Promise<UsageMeter>;
}
