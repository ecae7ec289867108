import { ApiError } from "@headrace/contract/common/errors.ts";

/** Nothing of the request can have been received. */
export function unreachable(cause: unknown): ApiError {
  const message = "The provider of this model can't be reached. Try again later, or tell the operator.";
  return new ApiError("upstream_unreachable", message, { cause });
}

/** @param firstByteMs how long an answer may take to begin, in milliseconds. */
export function timedOut(firstByteMs: number): ApiError {
  const message = `The provider of this model did not begin to answer within ${firstByteMs / 1000} seconds.`;
  return new ApiError("upstream_timeout", message);
}

/** The connection ended before an answer's head, or something came that is none. */
export function unanswered(cause: unknown): ApiError {
  const message = "The provider of this model closed the connection without an answer. Try again later.";
  return new ApiError("upstream_failed", message, { cause });
}
