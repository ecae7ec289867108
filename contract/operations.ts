import { createAdminApiKey, deleteAdminApiKey, listAdminApiKeys, retrieveAdminApiKey } from "./admin/admin-api-keys.ts";
import { listAuditLogs } from "./admin/audit-logs/list-audit-logs.ts";
import {
  deleteProjectApiKey,
  listProjectApiKeys,
  retrieveProjectApiKey,
  updateProjectApiKey,
} from "./admin/project-api-keys.ts";
import { archiveProject, createProject, listProjects, retrieveProject, updateProject } from "./admin/projects.ts";
import {
  createProjectServiceAccount,
  createProjectServiceAccountApiKey,
  deleteProjectServiceAccount,
  listProjectServiceAccounts,
  retrieveProjectServiceAccount,
  updateProjectServiceAccount,
} from "./admin/service-accounts.ts";
import { createChatCompletion } from "./chat/create-chat-completion.ts";
import { createEmbedding } from "./embeddings.ts";
import {
  createOrganization,
  listOrganizations,
  retrieveOrganization,
  updateOrganization,
} from "./headrace/organizations.ts";
import { listModels, retrieveModel } from "./models.ts";
import { createResponse } from "./responses/create-response.ts";
import { deleteResponse, retrieveResponse } from "./responses/stored-responses.ts";

/** Everything that the API does. A server without a handler for one of these does not compile. */
export const operations = {
  listModels,
  retrieveModel,
  createChatCompletion,
  createResponse,
  retrieveResponse,
  deleteResponse,
  createEmbedding,
  listAdminApiKeys,
  createAdminApiKey,
  retrieveAdminApiKey,
  deleteAdminApiKey,
  listProjects,
  createProject,
  retrieveProject,
  updateProject,
  archiveProject,
  listProjectApiKeys,
  retrieveProjectApiKey,
  updateProjectApiKey,
  deleteProjectApiKey,
  listProjectServiceAccounts,
  createProjectServiceAccount,
  retrieveProjectServiceAccount,
  updateProjectServiceAccount,
  deleteProjectServiceAccount,
  createProjectServiceAccountApiKey,
  listAuditLogs,
  listOrganizations,
  createOrganization,
  retrieveOrganization,
  updateOrganization,
} as const;

export type OperationId = keyof typeof operations;
