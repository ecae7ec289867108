import { z } from "zod";
import { list } from "../common/collections.ts";
import { metadata, objectId, timestamp } from "../common/fields.ts";
import { conversationItemsMax } from "../common/limits.ts";
import { operation } from "../common/operation.ts";
import { inputItem } from "../responses/input-items.ts";

export const conversationParams = z.strictObject({ conversation_id: objectId });

export const conversation = z
  .object({ id: z.string(), object: z.literal("conversation"), created_at: timestamp, metadata })
  .meta({ id: "Conversation" });

export const createConversationBody = z
  .strictObject({
    items: list(inputItem, { max: conversationItemsMax }).nullish(),
    metadata: metadata.nullish(),
  })
  .meta({ id: "CreateConversationRequest" });

export const updateConversationBody = z.strictObject({ metadata }).meta({ id: "UpdateConversationRequest" });

export const conversationDeleted = z
  .object({ id: z.string(), object: z.literal("conversation.deleted"), deleted: z.literal(true) })
  .meta({ id: "ConversationDeleted" });

export const createConversation = operation({
  id: "createConversation",
  method: "POST",
  path: "/v1/conversations",
  tag: "Conversations",
  summary: "Makes a conversation, with up to 20 items to begin with.",
  scope: "api.responses.write",
  body: createConversationBody,
  isBodyOptional: true,
  response: conversation,
  errors: ["unsupported_value", "zero_data_retention"],
});

export const retrieveConversation = operation({
  id: "retrieveConversation",
  method: "GET",
  path: "/v1/conversations/{conversation_id}",
  tag: "Conversations",
  summary: "Returns a conversation, without its items.",
  scope: "api.responses.read",
  params: conversationParams,
  response: conversation,
  errors: ["not_found"],
});

export const updateConversation = operation({
  id: "updateConversation",
  method: "POST",
  path: "/v1/conversations/{conversation_id}",
  tag: "Conversations",
  summary: "Replaces a conversation's metadata.",
  scope: "api.responses.write",
  params: conversationParams,
  body: updateConversationBody,
  response: conversation,
  errors: ["not_found", "zero_data_retention"],
});

export const deleteConversation = operation({
  id: "deleteConversation",
  method: "DELETE",
  path: "/v1/conversations/{conversation_id}",
  tag: "Conversations",
  summary: "Deletes a conversation; stored responses that were made in it stay, with their items.",
  scope: "api.responses.write",
  params: conversationParams,
  response: conversationDeleted,
  errors: ["not_found"],
});

export type Conversation = z.output<typeof conversation>;
export type ConversationDeleted = z.output<typeof conversationDeleted>;
export type CreateConversationBody = z.output<typeof createConversationBody>;
export type UpdateConversationBody = z.output<typeof updateConversationBody>;
