import { GrammarError } from "./grammar-error.ts";

/** Steps that the rules and automata of one grammar may take to make: about a second. */
const stepsMax = 4_000_000;
/** What a GrammarError says of such a grammar. */
export const tooMuchWork = "takes too long to compile: it has too many ways to match";
/** The clock is looked at once in so many calls. */
const callsPerLook = 16;

/** Bounds the work of one grammar, and the time until it is made. */
export class WorkMeter {
  readonly #nowMs: () => number;
  readonly #endsAtMs: number;
  #steps = 0;
  #calls = 0;
  #isOutOfTime = false;

  /** @param nowMs the clock that `durationMsMax` is measured by. */
  constructor(durationMsMax = Number.POSITIVE_INFINITY, nowMs: () => number = performance.now.bind(performance)) {
    this.#nowMs = nowMs;
    this.#endsAtMs = nowMs() + durationMsMax;
  }

  /** Whether it was the time that ran out: with more of it, the grammar might be made. */
  get isOutOfTime(): boolean {
    return this.#isOutOfTime;
  }

  /** Throws a GrammarError where the work of all was too much. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#calls++ % callsPerLook === 0) this.#isOutOfTime ||= this.#nowMs() > this.#endsAtMs;
    if (this.#isOutOfTime || this.#steps > stepsMax) throw new GrammarError(tooMuchWork);
  }
}
