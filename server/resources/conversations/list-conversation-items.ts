import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { listConversationItems } from "@headrace/contract/conversations/items.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { unknownCursor } from "../../http/list-page.ts";
import { toItemPage } from "../items/index.ts";
import type { ConversationServices } from "./conversation-services.ts";
import { partOfItems } from "./item-store.ts";

export const listConversationItemsEndpoint = ({ conversations }: ConversationServices) =>
  endpoint(listConversationItems, async ({ params, query, principal }) => {
    const { after, limit = pageObjectsDefault, order = "desc" } = query;
    const items = await conversations.within(principal, params.conversation_id, (transaction, { id }) =>
      partOfItems(transaction, principal, id, { after, order, rowsMax: limit + 1 }),
    );
    if (items === undefined) throw unknownCursor(after ?? "");
    return json(toItemPage(items, limit, query));
  });
