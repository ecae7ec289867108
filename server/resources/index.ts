import type { OperationId } from "@headrace/contract/operations.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { type AdminServices, createAdminEndpoints } from "./admin/index.ts";
import {
  type ChatServices,
  createChatCompletionEndpoint,
  deleteChatCompletionEndpoint,
  listChatCompletionMessagesEndpoint,
  listChatCompletionsEndpoint,
  retrieveChatCompletionEndpoint,
  updateChatCompletionEndpoint,
} from "./chat/index.ts";
import { createCompletionEndpoint } from "./completions/index.ts";
import {
  type ConversationServices,
  createConversationEndpoint,
  createConversationItemsEndpoint,
  deleteConversationEndpoint,
  deleteConversationItemEndpoint,
  listConversationItemsEndpoint,
  retrieveConversationEndpoint,
  retrieveConversationItemEndpoint,
  updateConversationEndpoint,
} from "./conversations/index.ts";
import { createEmbeddingEndpoint } from "./embeddings/index.ts";
import { createOperatorEndpoints, type InstallationServices } from "./headrace/index.ts";
import { listModelsEndpoint, retrieveModelEndpoint } from "./models/index.ts";
import {
  countInputTokensEndpoint,
  createResponseEndpoint,
  deleteResponseEndpoint,
  listInputItemsEndpoint,
  type ResponseServices,
  retrieveResponseEndpoint,
} from "./responses/index.ts";

/** Everything that the API answers: an operation of the contract without a handler does not compile. */
export function createEndpoints(
  services: ResponseServices & ConversationServices & ChatServices & AdminServices & InstallationServices,
): Endpoint[] {
  const endpoints: Record<OperationId, Endpoint> = {
    listModels: listModelsEndpoint(services),
    retrieveModel: retrieveModelEndpoint(services),
    createChatCompletion: createChatCompletionEndpoint(services),
    listChatCompletions: listChatCompletionsEndpoint(services),
    retrieveChatCompletion: retrieveChatCompletionEndpoint(services),
    updateChatCompletion: updateChatCompletionEndpoint(services),
    deleteChatCompletion: deleteChatCompletionEndpoint(services),
    listChatCompletionMessages: listChatCompletionMessagesEndpoint(services),
    createCompletion: createCompletionEndpoint(services),
    createEmbedding: createEmbeddingEndpoint(services),
    createResponse: createResponseEndpoint(services),
    retrieveResponse: retrieveResponseEndpoint(services),
    deleteResponse: deleteResponseEndpoint(services),
    listInputItems: listInputItemsEndpoint(services),
    countInputTokens: countInputTokensEndpoint(services),
    createConversation: createConversationEndpoint(services),
    retrieveConversation: retrieveConversationEndpoint(services),
    updateConversation: updateConversationEndpoint(services),
    deleteConversation: deleteConversationEndpoint(services),
    createConversationItems: createConversationItemsEndpoint(services),
    listConversationItems: listConversationItemsEndpoint(services),
    retrieveConversationItem: retrieveConversationItemEndpoint(services),
    deleteConversationItem: deleteConversationItemEndpoint(services),
    ...createAdminEndpoints(services),
    ...createOperatorEndpoints(services),
  };
  return Object.values(endpoints);
}
