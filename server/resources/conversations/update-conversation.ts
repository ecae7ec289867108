import { updateConversation } from "@headrace/contract/conversations/conversation.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toConversation } from "./conversation-object.ts";
import type { ConversationServices } from "./conversation-services.ts";

export const updateConversationEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(updateConversation, async ({ params, body, principal }) => {
    requireKeptContent(principal, "metadata");
    return json(toConversation(await conversations.setMetadata(principal, params.conversation_id, body.metadata)));
  });
