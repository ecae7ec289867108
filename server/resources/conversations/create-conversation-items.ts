import { createConversationItems } from "@headrace/contract/conversations/items.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toItemPage } from "../items/index.ts";
import type { ConversationServices } from "./conversation-services.ts";
import { addItems, refuseInstructions } from "./new-items.ts";

export const createConversationItemsEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(createConversationItems, async ({ params, query, body, principal, context }) => {
    requireKeptContent(principal, "items");
    const { items } = body;
    const id = params.conversation_id;
    refuseInstructions(items);
    const added = await conversations.changing(principal, id, (transaction) =>
      addItems(transaction, principal, id, items, `${id}\n${context.requestId}`),
    );
    return json(toItemPage(added, added.length, query));
  });
