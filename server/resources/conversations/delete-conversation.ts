import { deleteConversation } from "@headrace/contract/conversations/conversation.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ConversationServices } from "./conversation-services.ts";

export const deleteConversationEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(deleteConversation, async ({ params, principal }) => {
    await conversations.delete(principal, params.conversation_id);
    return json({ id: params.conversation_id, object: "conversation.deleted", deleted: true });
  });
