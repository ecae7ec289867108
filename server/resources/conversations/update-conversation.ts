import { updateConversation } from "@headrace/contract/conversations/conversation.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toConversation } from "./conversation-object.ts";
import type { ConversationServices } from "./conversation-services.ts";

export const updateConversationEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(updateConversation, async ({ params, body, principal }) =>
    json(toConversation(await conversations.setMetadata(principal, params.conversation_id, body.metadata))),
  );
