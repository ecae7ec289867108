import { deleteConversationItem } from "@headrace/contract/conversations/items.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { itemNotFound } from "./conversation-errors.ts";
import { toConversation } from "./conversation-object.ts";
import type { ConversationServices } from "./conversation-services.ts";
import { removeItem } from "./item-store.ts";

export const deleteConversationItemEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(deleteConversationItem, async ({ params, principal }) => {
    const conversation = await conversations.changing(principal, params.conversation_id, async (transaction, row) => {
      if (!(await removeItem(transaction, principal, row.id, params.item_id))) throw itemNotFound(params.item_id);
      return toConversation(row);
    });
    return json(conversation);
  });
