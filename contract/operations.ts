import { servedAdminOperations } from "./admin/operations.ts";
import { createChatCompletion } from "./chat/create-chat-completion.ts";
import {
  createConversation,
  deleteConversation,
  retrieveConversation,
  updateConversation,
} from "./conversations/conversation.ts";
import {
  createConversationItems,
  deleteConversationItem,
  listConversationItems,
  retrieveConversationItem,
} from "./conversations/items.ts";
import { createEmbedding } from "./embeddings.ts";
import {
  createOrganization,
  listOrganizations,
  retrieveOrganization,
  updateOrganization,
} from "./headrace/organizations.ts";
import {
  createProjectApiKey,
  restrictProjectApiKey,
  retrieveProjectApiKeyRestrictions,
  rotateProjectApiKey,
} from "./headrace/project-api-keys.ts";
import { listModels, retrieveModel } from "./models.ts";
import { createResponse } from "./responses/create-response.ts";
import { listInputItems } from "./responses/list-input-items.ts";
import { cancelResponse, deleteResponse, retrieveResponse } from "./responses/stored-responses.ts";

/** Everything that the API does. A server without a handler for one of these does not compile. */
export const operations = {
  listModels,
  retrieveModel,
  createChatCompletion,
  createResponse,
  retrieveResponse,
  deleteResponse,
  cancelResponse,
  listInputItems,
  createConversation,
  retrieveConversation,
  updateConversation,
  deleteConversation,
  createConversationItems,
  listConversationItems,
  retrieveConversationItem,
  deleteConversationItem,
  createEmbedding,
  ...servedAdminOperations,
  createProjectApiKey,
  retrieveProjectApiKeyRestrictions,
  restrictProjectApiKey,
  rotateProjectApiKey,
  listOrganizations,
  createOrganization,
  retrieveOrganization,
  updateOrganization,
} as const;

export type OperationId = keyof typeof operations;
