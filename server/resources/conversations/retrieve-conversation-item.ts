import { retrieveConversationItem } from "@headrace/contract/conversations/items.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toListedItem } from "../items/index.ts";
import { itemNotFound } from "./conversation-errors.ts";
import type { ConversationServices } from "./conversation-services.ts";
import { findItem } from "./item-store.ts";

export const retrieveConversationItemEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(retrieveConversationItem, async ({ params, query, principal }) => {
    const item = await conversations.within(principal, params.conversation_id, (transaction, { id }) =>
      findItem(transaction, principal, id, params.item_id),
    );
    if (item === undefined) throw itemNotFound(params.item_id);
    return json(toListedItem(item, query.include));
  });
