/** How far a request had come when its connection failed. */
export type WireFailure =
  /** Nothing of the request can have been received. */
  | "not-connected"
  /** The connection ended without a byte of an answer. */
  | "unanswered"
  /** The answer broke off, or is no HTTP. */
  | "broken";

/** A connection to a provider that failed, or an answer that is no HTTP/1.1. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly failure: WireFailure;

  constructor(failure: WireFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}
