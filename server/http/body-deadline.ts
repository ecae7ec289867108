import { ApiError } from "@headrace/contract/common/errors.ts";
import { Deadlines, type Waiting } from "../common/deadlines.ts";

/** How slowly a request's body may come. */
export type BodyPace = {
  /** How long any body may take. */
  readonly requestBodyMs: number;
  /** A body may take a second more for each time that so many bytes of it have come. */
  readonly requestBodyBytesPerSecondMin: number;
};

/** One timer for all bodies that come now, for each length of time that any may take. */
const deadlinesOfMs = new Map<number, Deadlines>();

/**
 * The time that a body has: what has come of it gives it more. A body that trickles would hold its connection, and what
 * was read of it, for as long as its sender likes.
 */
export class BodyDeadline implements Disposable, Waiting {
  readonly sinceMs = performance.now();
  readonly #pace: BodyPace;
  readonly #deadlines: Deadlines;
  #deadlineMs: number;
  /** Of its own, once it has taken longer than any body may: most never do. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;
  #onLate: (() => void) | undefined;

  constructor(pace: BodyPace) {
    this.#pace = pace;
    this.#deadlineMs = this.sinceMs + pace.requestBodyMs;
    this.#deadlines = deadlinesOf(pace.requestBodyMs);
    this.#deadlines.add(this);
  }

  /** Says that so many bytes have come, or will within the time that they give. */
  extend(bytes: number): void {
    this.#deadlineMs += (bytes / this.#pace.requestBodyBytesPerSecondMin) * 1_000;
  }

  /** @throws ApiError `request_timeout` where the deadline comes first; the work is left to its own end then. */
  before<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#onLate = () => reject(this.#tooSlow());
      work.then(resolve, reject);
      if (this.#isLate) this.#onLate();
    });
  }

  /** For the timer of all. */
  expire(): void {
    const leftMs = this.#deadlineMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.expire(), leftMs);
      return;
    }
    this.#isLate = true;
    this.#onLate?.();
  }

  [Symbol.dispose](): void {
    this.#deadlines.remove(this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #tooSlow(): ApiError {
    return new ApiError(
      "request_timeout",
      `The request's body came too slowly: it may take ${this.#pace.requestBodyMs} ms, and a second more for every ${this.#pace.requestBodyBytesPerSecondMin} bytes. Send it again, on a connection of its own.`,
    );
  }
}

function deadlinesOf(waitMs: number): Deadlines {
  let deadlines = deadlinesOfMs.get(waitMs);
  if (deadlines === undefined) {
    deadlines = new Deadlines(waitMs);
    deadlinesOfMs.set(waitMs, deadlines);
  }
  return deadlines;
}
