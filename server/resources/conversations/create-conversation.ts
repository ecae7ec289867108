import { createConversation } from "@headrace/contract/conversations/conversation.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toConversation } from "./conversation-object.ts";
import type { ConversationServices } from "./conversation-services.ts";
import { addItems, refuseInstructions } from "./new-items.ts";

export const createConversationEndpoint = ({ conversations, ids, clock }: ConversationServices) =>
  endpoint(createConversation, async ({ body, principal }) => {
    requireKeptContent(principal, null);
    const items = body.items ?? [];
    refuseInstructions(items);
    const id = ids("conv");
    const conversation = { id, createdAt: new Date(clock.nowMs()), metadata: body.metadata ?? {} };
    const row = await conversations.create(principal, conversation, async (transaction) => {
      await addItems(transaction, principal, id, items, id);
    });
    return json(toConversation(row));
  });
