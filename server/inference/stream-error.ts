import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ResponseError } from "@headrace/contract/responses/response-error.ts";
import type { ResponseEvent } from "./response-events.ts";

type StreamError = Extract<ResponseEvent, { type: "error" }>["error"];

/** What a caller is told of an error in the middle of a stream; words of anything but an ApiError stay inside. */
export function toStreamError(error: unknown): StreamError {
  const { type, code, message, param } = asApiError(error).toBody().error;
  return { type, code, message, param };
}

/** The same for `response.error`, whose codes are a closed list in OpenAI's schema. */
export function toFailure(error: unknown): ResponseError {
  const { code, message, status } = asApiError(error);
  if (code === "rate_limit_exceeded") return { code, message };
  return { code: status < 500 ? "invalid_prompt" : "server_error", message };
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("server_error", "The server had an error while it wrote this response. Please try again.");
}
