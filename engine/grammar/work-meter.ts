import { GrammarError } from "./grammar-error.ts";

/** Steps that the automata of one grammar may take to make: about a second. */
const stepsMax = 4_000_000;

/** Bounds the time that a request can take before anything is sampled for it. */
export class WorkMeter {
  #steps = 0;

  /** Throws a GrammarError where the work of all was too much. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > stepsMax) throw new GrammarError("takes too long to compile: it has too many ways to match");
  }
}
