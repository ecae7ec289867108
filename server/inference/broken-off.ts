import { ApiError } from "@headrace/contract/common/errors.ts";

/** A model's answer that can't be understood to its end; `cause` is for the log. */
export function brokenOff(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model broke off in the middle of its answer. Try again.", { cause });
}
