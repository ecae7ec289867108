import { ApiError } from "@headrace/contract/common/errors.ts";

/** The same words for an id that never was and for one of another project. */
export function chatCompletionNotFound(id: string): ApiError {
  return new ApiError("not_found", `Chat completion with id '${id}' not found.`, { param: "completion_id" });
}
