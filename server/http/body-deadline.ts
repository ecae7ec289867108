import { ApiError } from "@headrace/contract/common/errors.ts";

/** How slowly a request's body may come. */
export type BodyPace = {
  /** How long any body may take. */
  readonly requestBodyMs: number;
  /** A body may take a second more for each time that so many bytes of it have come. */
  readonly requestBodyBytesPerSecondMin: number;
};

const late = Symbol("late");

/**
 * The time that a body has: what has come of it gives it more. A body that trickles would hold its connection, and what
 * was read of it, for as long as its sender likes.
 */
export class BodyDeadline implements Disposable {
  readonly #pace: BodyPace;
  readonly #passed = Promise.withResolvers<typeof late>();
  #deadlineMs: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(pace: BodyPace) {
    this.#pace = pace;
    this.#deadlineMs = performance.now() + pace.requestBodyMs;
    this.#timer = setTimeout(() => this.#look(), pace.requestBodyMs);
  }

  /** Says that so many bytes have come, or will within the time that they give. */
  extend(bytes: number): void {
    this.#deadlineMs += (bytes / this.#pace.requestBodyBytesPerSecondMin) * 1_000;
  }

  /** @throws ApiError `request_timeout` where the deadline comes first; the work is left to its own end then. */
  async before<Result>(work: Promise<Result>): Promise<Result> {
    const first = await Promise.race([work, this.#passed.promise]);
    if (first !== late) return first;
    throw new ApiError(
      "request_timeout",
      `The request's body came too slowly: it may take ${this.#pace.requestBodyMs} ms, and a second more for every ${this.#pace.requestBodyBytesPerSecondMin} bytes. Send it again, on a connection of its own.`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const leftMs = this.#deadlineMs - performance.now();
    if (leftMs <= 0) this.#passed.resolve(late);
    else this.#timer = setTimeout(() => this.#look(), leftMs);
  }
}
