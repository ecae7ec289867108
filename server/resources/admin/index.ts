import type { ManagementScope } from "@headrace/contract/common/operation.ts";
import type { operations } from "@headrace/contract/operations.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { createAdminApiKeyEndpoint } from "./admin-api-keys/create-admin-api-key.ts";
import { deleteAdminApiKeyEndpoint } from "./admin-api-keys/delete-admin-api-key.ts";
import { listAdminApiKeysEndpoint } from "./admin-api-keys/list-admin-api-keys.ts";
import { retrieveAdminApiKeyEndpoint } from "./admin-api-keys/retrieve-admin-api-key.ts";
import { listAuditLogsEndpoint } from "./audit-logs/list-audit-logs.ts";
import type { AdminServices } from "./organization-change.ts";
import { createProjectApiKeyEndpoint } from "./project-api-keys/create-project-api-key.ts";
import { deleteProjectApiKeyEndpoint } from "./project-api-keys/delete-project-api-key.ts";
import { listProjectApiKeysEndpoint } from "./project-api-keys/list-project-api-keys.ts";
import { restrictProjectApiKeyEndpoint } from "./project-api-keys/restrict-project-api-key.ts";
import { retrieveProjectApiKeyEndpoint } from "./project-api-keys/retrieve-project-api-key.ts";
import { retrieveProjectApiKeyRestrictionsEndpoint } from "./project-api-keys/retrieve-project-api-key-restrictions.ts";
import { rotateProjectApiKeyEndpoint } from "./project-api-keys/rotate-project-api-key.ts";
import { updateProjectApiKeyEndpoint } from "./project-api-keys/update-project-api-key.ts";
import { archiveProjectEndpoint } from "./projects/archive-project.ts";
import { createProjectEndpoint } from "./projects/create-project.ts";
import { listProjectsEndpoint } from "./projects/list-projects.ts";
import { retrieveProjectEndpoint } from "./projects/retrieve-project.ts";
import { updateProjectEndpoint } from "./projects/update-project.ts";
import { createProjectServiceAccountEndpoint } from "./service-accounts/create-service-account.ts";
import { createProjectServiceAccountApiKeyEndpoint } from "./service-accounts/create-service-account-api-key.ts";
import { deleteProjectServiceAccountEndpoint } from "./service-accounts/delete-service-account.ts";
import { listProjectServiceAccountsEndpoint } from "./service-accounts/list-service-accounts.ts";
import { retrieveProjectServiceAccountEndpoint } from "./service-accounts/retrieve-service-account.ts";
import { updateProjectServiceAccountEndpoint } from "./service-accounts/update-service-account.ts";

export { type AdminServices, apiKeyActor } from "./organization-change.ts";
export { seconds, toPage } from "./page.ts";

/** The operations of the contract that an organization's admin key may run. */
export type AdminOperationId = {
  [Id in keyof typeof operations]: (typeof operations)[Id]["scope"] extends ManagementScope ? Id : never;
}[keyof typeof operations];

/** The Admin API: an organization's projects and keys. */
export function createAdminEndpoints(services: AdminServices): Record<AdminOperationId, Endpoint> {
  return {
    listAdminApiKeys: listAdminApiKeysEndpoint(services),
    createAdminApiKey: createAdminApiKeyEndpoint(services),
    retrieveAdminApiKey: retrieveAdminApiKeyEndpoint(services),
    deleteAdminApiKey: deleteAdminApiKeyEndpoint(services),
    listProjects: listProjectsEndpoint(services),
    createProject: createProjectEndpoint(services),
    retrieveProject: retrieveProjectEndpoint(services),
    updateProject: updateProjectEndpoint(services),
    archiveProject: archiveProjectEndpoint(services),
    listProjectApiKeys: listProjectApiKeysEndpoint(services),
    retrieveProjectApiKey: retrieveProjectApiKeyEndpoint(services),
    updateProjectApiKey: updateProjectApiKeyEndpoint(services),
    deleteProjectApiKey: deleteProjectApiKeyEndpoint(services),
    createProjectApiKey: createProjectApiKeyEndpoint(services),
    retrieveProjectApiKeyRestrictions: retrieveProjectApiKeyRestrictionsEndpoint(services),
    restrictProjectApiKey: restrictProjectApiKeyEndpoint(services),
    rotateProjectApiKey: rotateProjectApiKeyEndpoint(services),
    listProjectServiceAccounts: listProjectServiceAccountsEndpoint(services),
    createProjectServiceAccount: createProjectServiceAccountEndpoint(services),
    retrieveProjectServiceAccount: retrieveProjectServiceAccountEndpoint(services),
    updateProjectServiceAccount: updateProjectServiceAccountEndpoint(services),
    deleteProjectServiceAccount: deleteProjectServiceAccountEndpoint(services),
    createProjectServiceAccountApiKey: createProjectServiceAccountApiKeyEndpoint(services),
    listAuditLogs: listAuditLogsEndpoint(services),
  };
}
