import type * as Sdk from "openai/resources/conversations/conversations";
import type * as SdkItems from "openai/resources/conversations/items";
import type { Exceptions, Same } from "../common/parity.ts";
import type { ItemPageQuery } from "../responses/list-input-items.ts";
import type { StoredItem } from "../responses/stored-items.ts";
import type {
  Conversation,
  ConversationDeleted,
  CreateConversationBody,
  UpdateConversationBody,
} from "./conversation.ts";
import type { CreateConversationItemsBody, IncludeQuery } from "./items.ts";

const asInput = "As the exceptions of a response's `input`.";

export const conversationExceptions = {
  metadata: ["sdk_is_wider", "The SDK says `unknown`; it is always an object of texts."],
} satisfies Exceptions<Conversation, Sdk.Conversation>;

export const conversationDeletedExceptions = {
  deleted: ["sdk_is_wider", "What was not deleted is answered with an error."],
} satisfies Exceptions<ConversationDeleted, Sdk.ConversationDeletedResource>;

export const createConversationBodyExceptions = {
  items: ["each_has_more", asInput],
} satisfies Exceptions<CreateConversationBody, Sdk.ConversationCreateParams>;

export const updateConversationBodyExceptions = {
  metadata: ["sdk_is_wider", "OpenAI's wire refuses null with `invalid_type`."],
} satisfies Exceptions<UpdateConversationBody, Sdk.ConversationUpdateParams>;

type SdkItemBody = Omit<SdkItems.ItemCreateParams, "include">;
export const createConversationItemsBodyExceptions = {
  items: ["each_has_more", asInput],
} satisfies Exceptions<CreateConversationItemsBody, SdkItemBody>;

export const listConversationItemsQueryExceptions = {} satisfies Exceptions<ItemPageQuery, SdkItems.ItemListParams>;
export const retrieveConversationItemQueryExceptions = {} satisfies Exceptions<
  IncludeQuery,
  Omit<SdkItems.ItemRetrieveParams, "conversation_id">
>;

export const conversationItemTypes = true satisfies Same<StoredItem["type"], SdkItems.ConversationItem["type"]>;
