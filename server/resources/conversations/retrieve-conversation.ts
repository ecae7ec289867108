import { retrieveConversation } from "@headrace/contract/conversations/conversation.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toConversation } from "./conversation-object.ts";
import type { ConversationServices } from "./conversation-services.ts";

export const retrieveConversationEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(retrieveConversation, async ({ params, principal }) =>
    json(await conversations.within(principal, params.conversation_id, async (_, row) => toConversation(row))),
  );
