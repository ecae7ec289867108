import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import type { UsageEnd, UsageMeter, UsageStart } from "../ports/usage-journal.ts";
import type { RecordedEnd } from "./journal-records.ts";

/** What a meter writes through. */
export type MeterSink = {
  /** Throws an ApiError where the mark can't be written. */
  writeMark(number: number, tokens: number): void;
  /** Never throws: what can't be written now is written later. */
  writeEnd(number: number, end: RecordedEnd): void;
  /** Resolves when it is written, or waits for the disk to take it. Never rejects. */
  writeEndTogether(number: number, end: RecordedEnd): Promise<void>;
};

/** The account of one attempt while it runs. */
export class JournalMeter implements UsageMeter {
  readonly number: number;
  readonly start: UsageStart;
  readonly #sink: MeterSink;
  readonly #markTokens: number;
  #countedTokens = 0;
  #markedTokens = 0;
  #hasEnded = false;

  constructor(number: number, start: UsageStart, sink: MeterSink, markTokens: number) {
    this.number = number;
    this.start = start;
    this.#sink = sink;
    this.#markTokens = markTokens;
  }

  /** The high-water mark in the journal. */
  get markedTokens(): number {
    return this.#markedTokens;
  }

  advance(tokens: number): void {
    const sent = this.#countedTokens;
    const willBeSent = sent + tokens;
    if (willBeSent > this.#markedTokens && !this.#hasEnded) {
      const mark = Math.max(sent + this.#markTokens, willBeSent);
      this.#sink.writeMark(this.number, mark);
      this.#markedTokens = mark;
    }
    this.#countedTokens = willBeSent;
  }

  end(end: UsageEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.writeEnd(this.number, this.#recorded(end));
  }

  async endTogether(end: UsageEnd): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#sink.writeEndTogether(this.number, this.#recorded(end));
  }

  #recorded(end: UsageEnd): RecordedEnd {
    return {
      status: end.status,
      usage: end.usage === undefined ? undefined : soundUsage(end.usage),
      countedTokens: count(this.#countedTokens),
      latencyMs: count(Math.round(end.latencyMs)),
      timeToFirstTokenMs: end.timeToFirstTokenMs === undefined ? undefined : count(Math.round(end.timeToFirstTokenMs)),
    };
  }
}

function soundUsage(usage: TokenUsage): TokenUsage {
  return {
    inputTokens: count(usage.inputTokens),
    cachedInputTokens: count(usage.cachedInputTokens),
    outputTokens: count(usage.outputTokens),
    reasoningTokens: count(usage.reasoningTokens),
  };
}

/** A number that can stand in the journal: an upstream's or a clock's nonsense must not keep an end from being written. */
function count(value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
