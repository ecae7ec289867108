import type { Conversation } from "@headrace/contract/conversations/conversation.ts";
import type { ConversationRow } from "./conversation-store.ts";

export function toConversation({ id, created_at, metadata }: ConversationRow): Conversation {
  return {
    id,
    object: "conversation",
    created_at: Math.floor(created_at.getTime() / 1000),
    metadata: JSON.parse(metadata) as Record<string, string>,
  };
}
