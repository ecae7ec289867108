import type { UsageStart, UsageStatus } from "../ports/usage-journal.ts";
import type { JournalRecord, RecordedEnd } from "./journal-records.ts";

/** The final account of one attempt. */
export type AccountedRequest = UsageStart & {
  readonly status: UsageStatus;
  /** The output tokens are our own count and not the upstream's. */
  readonly estimated: boolean;
  /** Undefined where nobody has told: unknown is not zero. */
  readonly inputTokens: number | undefined;
  readonly cachedInputTokens: number | undefined;
  readonly outputTokens: number;
  readonly reasoningTokens: number | undefined;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number | undefined;
};

type RunningRequest = { readonly start: UsageStart; markedTokens: number };

/** Puts the records of a process together, segment after segment. */
export class RequestAssembler {
  readonly #running = new Map<number, RunningRequest>();

  /** Takes the next record; returns the request that it ends, if it ends one. */
  take(record: JournalRecord): AccountedRequest | undefined {
    switch (record.kind) {
      case "start":
        // A new segment repeats what still runs.
        if (!this.#running.has(record.number)) {
          this.#running.set(record.number, { start: record.start, markedTokens: 0 });
        }
        return undefined;
      case "mark": {
        const running = this.#running.get(record.number);
        if (running) running.markedTokens = Math.max(running.markedTokens, record.tokens);
        return undefined;
      }
      case "end": {
        const running = this.#running.get(record.number);
        this.#running.delete(record.number);
        return running && ended(running.start, record.end);
      }
      default:
        return undefined;
    }
  }

  /**
   * All requests without an end, as a dead process left them: what the mark covers counts. How long they took nobody
   * knows: their latency is 0.
   */
  takeInterrupted(): AccountedRequest[] {
    const interrupted = [...this.#running.values()].map(({ start, markedTokens }) =>
      ended(start, {
        status: "interrupted",
        usage: undefined,
        countedTokens: markedTokens,
        latencyMs: 0,
        timeToFirstTokenMs: undefined,
      }),
    );
    this.#running.clear();
    return interrupted;
  }
}

/** An upstream that tells less than was counted on the way to the client is not believed: the count stands. */
function ended(start: UsageStart, end: RecordedEnd): AccountedRequest {
  const { status, usage, countedTokens, latencyMs, timeToFirstTokenMs } = end;
  const isBelieved = usage !== undefined && usage.outputTokens >= countedTokens;
  return {
    ...start,
    status,
    estimated: !isBelieved,
    inputTokens: usage?.inputTokens,
    cachedInputTokens: usage?.cachedInputTokens,
    outputTokens: isBelieved ? usage.outputTokens : countedTokens,
    reasoningTokens: usage?.reasoningTokens,
    latencyMs,
    timeToFirstTokenMs,
  };
}
