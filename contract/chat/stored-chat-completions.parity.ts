import type * as Sdk from "openai/resources/chat/completions";
import type { MessageListParams } from "openai/resources/chat/completions/messages";
import type { Exceptions } from "../common/parity.ts";
import type {
  ChatCompletionDeleted,
  ListChatCompletionsQuery,
  ListChatMessagesQuery,
  StoredChatMessage,
  UpdateChatCompletionBody,
} from "./stored-chat-completions.ts";

export const listChatCompletionsQueryExceptions = {
  metadata: ["sdk_is_wider", "No query string can say null."],
} satisfies Exceptions<ListChatCompletionsQuery, Sdk.ChatCompletionListParams>;

export const updateChatCompletionBodyExceptions = {} satisfies Exceptions<
  UpdateChatCompletionBody,
  Sdk.ChatCompletionUpdateParams
>;

export const chatCompletionDeletedExceptions = {
  deleted: ["sdk_is_wider", "What was not deleted is answered with an error."],
} satisfies Exceptions<ChatCompletionDeleted, Sdk.ChatCompletionDeleted>;

export const listChatMessagesQueryExceptions = {} satisfies Exceptions<ListChatMessagesQuery, MessageListParams>;

const wholeRequest =
  "OpenAI lists the request's messages, which are of every role; the SDK's type is that of an answer.";
export const storedChatMessageExceptions = {
  content_parts: ["sdk_is_optional", "Always told; null where the content was a text."],
  name: ["only_ours", wholeRequest],
  role: ["ours_is_wider", wholeRequest],
  tool_call_id: ["only_ours", wholeRequest],
} satisfies Exceptions<StoredChatMessage, Sdk.ChatCompletionStoreMessage>;
