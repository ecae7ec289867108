import { ApiError } from "@headrace/contract/common/errors.ts";

/** The same words for an id that never was and for one of another project. */
export function responseNotFound(id: string): ApiError {
  return new ApiError("not_found", `Response with id '${id}' not found.`, { param: "response_id" });
}
