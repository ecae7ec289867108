import type { ChatMessage } from "@headrace/contract/chat/messages.ts";
import type { StoredChatMessage } from "@headrace/contract/chat/stored-chat-completions.ts";

/** A message of a request as it is listed: a text as `content`, parts as `content_parts`. */
export function toStoredMessage(message: ChatMessage, id: string): StoredChatMessage {
  const { content = null, ...rest } = message;
  const isText = typeof content === "string";
  return {
    refusal: null,
    ...rest,
    id,
    content: isText ? content : null,
    content_parts: isText ? null : content,
  } as StoredChatMessage;
}
