/**
 * Lets one evaluation run at a time, in the order of asking, over all models: llama.cpp's threads wait for each other
 * spinning, so that two evaluations with all threads at once are slower by orders of magnitude than one after the other.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that asked before have ended. Rejects as `work` does. */
  take<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => "its own caller has the error");
    return turn;
  }
}
