import { ApiError } from "@headrace/contract/common/errors.ts";

/** The same words for an id that never was and for one of another project. */
export function conversationNotFound(id: string): ApiError {
  return new ApiError("not_found", `Conversation with id '${id}' not found.`, { param: "conversation_id" });
}

export function itemNotFound(id: string): ApiError {
  return new ApiError("not_found", `Item with id '${id}' not found.`, { param: "item_id" });
}

/** As OpenAI says it, status 400 included. */
export function conversationLocked(): ApiError {
  return new ApiError(
    "conversation_locked",
    "Another process is currently operating on this conversation. Please retry in a few seconds.",
    { param: "conversation", retryAfterSeconds: 1 },
  );
}
