import { z } from "zod";
import { pageOf, pageQuery } from "../admin/pagination.ts";
import { metadata, modelName, objectId } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { chatCompletion, chatCompletionMessage } from "./completion.ts";
import { imagePart, textPart } from "./content-parts.ts";

const params = z.strictObject({ completion_id: objectId });
const order = z.enum(["asc", "desc"]);

export const listChatCompletionsQuery = pageQuery.extend({
  metadata: metadata.optional(),
  model: modelName.optional(),
  order: order.optional(),
});

export const chatCompletionList = pageOf(chatCompletion).meta({ id: "ChatCompletionList" });

export const listChatCompletions = operation({
  id: "listChatCompletions",
  method: "GET",
  path: "/v1/chat/completions",
  tag: "Chat",
  summary:
    "Lists the chat completions that were made with `store: true`, the oldest first unless `order` says otherwise.",
  scope: "api.responses.read",
  query: listChatCompletionsQuery,
  response: chatCompletionList,
  errors: [],
});

export const retrieveChatCompletion = operation({
  id: "retrieveChatCompletion",
  method: "GET",
  path: "/v1/chat/completions/{completion_id}",
  tag: "Chat",
  summary: "Returns a stored chat completion.",
  scope: "api.responses.read",
  params,
  response: chatCompletion,
  errors: ["not_found"],
});

export const updateChatCompletionBody = z
  .strictObject({ metadata: metadata.nullable() })
  .meta({ id: "UpdateChatCompletionRequest" });

export const updateChatCompletion = operation({
  id: "updateChatCompletion",
  method: "POST",
  path: "/v1/chat/completions/{completion_id}",
  tag: "Chat",
  summary: "Replaces a stored chat completion's metadata.",
  scope: "api.responses.write",
  params,
  body: updateChatCompletionBody,
  response: chatCompletion,
  errors: ["not_found", "zero_data_retention"],
});

export const chatCompletionDeleted = z
  .object({ id: z.string(), object: z.literal("chat.completion.deleted"), deleted: z.literal(true) })
  .meta({ id: "ChatCompletionDeleted" });

export const deleteChatCompletion = operation({
  id: "deleteChatCompletion",
  method: "DELETE",
  path: "/v1/chat/completions/{completion_id}",
  tag: "Chat",
  summary: "Deletes a stored chat completion.",
  scope: "api.responses.write",
  params,
  response: chatCompletionDeleted,
  errors: ["not_found"],
});

/** A message of the request that was answered. Parts of other kinds than the SDK names are kept as they were sent. */
export const storedChatMessage = chatCompletionMessage
  .extend({
    id: z.string(),
    role: z.enum(["developer", "system", "user", "assistant", "tool", "function"]),
    content_parts: z
      .array(z.union([textPart, imagePart, z.looseObject({ type: z.enum(["input_audio", "file", "refusal"]) })]))
      .nullable(),
    name: z.string().optional(),
    tool_call_id: z.string().optional(),
  })
  .meta({ id: "StoredChatMessage" });

export const listChatMessagesQuery = pageQuery.extend({ order: order.optional() });

export const chatMessageList = pageOf(storedChatMessage).meta({ id: "StoredChatMessageList" });

export const listChatCompletionMessages = operation({
  id: "listChatCompletionMessages",
  method: "GET",
  path: "/v1/chat/completions/{completion_id}/messages",
  tag: "Chat",
  summary: "Lists the messages that a stored chat completion answered, the first one first.",
  scope: "api.responses.read",
  params,
  query: listChatMessagesQuery,
  response: chatMessageList,
  errors: ["not_found"],
});

export type ListChatCompletionsQuery = z.output<typeof listChatCompletionsQuery>;
export type UpdateChatCompletionBody = z.output<typeof updateChatCompletionBody>;
export type ChatCompletionDeleted = z.output<typeof chatCompletionDeleted>;
export type StoredChatMessage = z.output<typeof storedChatMessage>;
export type ListChatMessagesQuery = z.output<typeof listChatMessagesQuery>;
export type ChatMessageList = z.output<typeof chatMessageList>;
