import { z } from "zod";
import { list } from "../common/collections.ts";
import { objectId } from "../common/fields.ts";
import { conversationItemsMax } from "../common/limits.ts";
import { operation } from "../common/operation.ts";
import { inputItem } from "../responses/input-items.ts";
import { itemList, itemPageQuery } from "../responses/list-input-items.ts";
import { include } from "../responses/request.ts";
import { storedItem } from "../responses/stored-items.ts";
import { conversation, conversationParams } from "./conversation.ts";

const itemParams = conversationParams.extend({ item_id: objectId });

export const includeQuery = z.strictObject({ include: include.optional() });

export const createConversationItemsBody = z
  .strictObject({ items: list(inputItem, { min: 1, max: conversationItemsMax }) })
  .meta({ id: "CreateConversationItemsRequest" });

export const createConversationItems = operation({
  id: "createConversationItems",
  method: "POST",
  path: "/v1/conversations/{conversation_id}/items",
  tag: "Conversations",
  summary: "Adds up to 20 items to the end of a conversation, all or none.",
  scope: "api.responses.write",
  params: conversationParams,
  query: includeQuery,
  body: createConversationItemsBody,
  response: itemList,
  errors: ["not_found", "conversation_locked", "unsupported_value", "zero_data_retention"],
});

export const listConversationItems = operation({
  id: "listConversationItems",
  method: "GET",
  path: "/v1/conversations/{conversation_id}/items",
  tag: "Conversations",
  summary: "Lists a conversation's items, the newest first where `order` does not say otherwise.",
  scope: "api.responses.read",
  params: conversationParams,
  query: itemPageQuery,
  response: itemList,
  errors: ["not_found"],
});

export const retrieveConversationItem = operation({
  id: "retrieveConversationItem",
  method: "GET",
  path: "/v1/conversations/{conversation_id}/items/{item_id}",
  tag: "Conversations",
  summary: "Returns one item of a conversation.",
  scope: "api.responses.read",
  params: itemParams,
  query: includeQuery,
  response: storedItem,
  errors: ["not_found"],
});

export const deleteConversationItem = operation({
  id: "deleteConversationItem",
  method: "DELETE",
  path: "/v1/conversations/{conversation_id}/items/{item_id}",
  tag: "Conversations",
  summary: "Takes an item out of a conversation, and answers with the conversation.",
  scope: "api.responses.write",
  params: itemParams,
  response: conversation,
  errors: ["not_found", "conversation_locked"],
});

export type CreateConversationItemsBody = z.output<typeof createConversationItemsBody>;
export type IncludeQuery = z.output<typeof includeQuery>;
