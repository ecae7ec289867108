import type { Logger } from "../ports/logger.ts";

/** Requests without a valid key that get lines of their own in one window; the others are counted. */
const linesMax = 10;
const windowMs = 1_000;

/**
 * Keeps who tries keys from filling the disk and from costing a line for each try: a few lines a second tell who it is,
 * and one line tells how many others there were.
 */
export class RefusalLog {
  readonly #logger: Logger;
  #lines = 0;
  #others = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether this refusal gets a line of its own; else it is counted. */
  admits(): boolean {
    this.#timer ??= setTimeout(() => this.flush(), windowMs).unref();
    if (this.#lines < linesMax) {
      this.#lines += 1;
      return true;
    }
    this.#others += 1;
    return false;
  }

  /** Ends the window, and tells what was only counted in it. To be called at the server's end, too. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#others;
    this.#lines = 0;
    this.#others = 0;
    if (count === 0) return;
    this.#logger.log("warn", "requests without a valid key, besides those with lines of their own", { count });
  }
}
