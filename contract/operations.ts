import { adminOperations } from "./admin/operations.ts";
import { createChatCompletion } from "./chat/create-chat-completion.ts";
import {
  deleteChatCompletion,
  listChatCompletionMessages,
  listChatCompletions,
  retrieveChatCompletion,
  updateChatCompletion,
} from "./chat/stored-chat-completions.ts";
import { createCompletion } from "./completions.ts";
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
  verifyAuditLogs,
  verifyInstallationAuditLogs,
  verifyOrganizationAuditLogs,
} from "./headrace/audit-verification.ts";
import { retrieveHealth } from "./headrace/health.ts";
import { listInstallationAuditLogs } from "./headrace/installation-audit-logs.ts";
import { acceptInvite } from "./headrace/invites.ts";
import {
  createOperatorApiKey,
  deleteOperatorApiKey,
  listOperatorApiKeys,
  retrieveOperatorApiKey,
} from "./headrace/operator-api-keys.ts";
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
import { countInputTokens } from "./responses/input-tokens.ts";
import { listInputItems } from "./responses/list-input-items.ts";
import { deleteResponse, retrieveResponse } from "./responses/stored-responses.ts";

/** Everything that the API does. A server without a handler for one of these does not compile. */
export const operations = {
  listModels,
  retrieveModel,
  createChatCompletion,
  listChatCompletions,
  retrieveChatCompletion,
  updateChatCompletion,
  deleteChatCompletion,
  listChatCompletionMessages,
  createCompletion,
  createResponse,
  retrieveResponse,
  deleteResponse,
  listInputItems,
  countInputTokens,
  createConversation,
  retrieveConversation,
  updateConversation,
  deleteConversation,
  createConversationItems,
  listConversationItems,
  retrieveConversationItem,
  deleteConversationItem,
  createEmbedding,
  ...adminOperations,
  createProjectApiKey,
  retrieveProjectApiKeyRestrictions,
  restrictProjectApiKey,
  rotateProjectApiKey,
  listOrganizations,
  createOrganization,
  retrieveOrganization,
  updateOrganization,
  listOperatorApiKeys,
  createOperatorApiKey,
  retrieveOperatorApiKey,
  deleteOperatorApiKey,
  listInstallationAuditLogs,
  verifyAuditLogs,
  verifyOrganizationAuditLogs,
  verifyInstallationAuditLogs,
  retrieveHealth,

  acceptInvite,
} as const;

export type OperationId = keyof typeof operations;
