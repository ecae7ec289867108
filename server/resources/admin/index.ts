import type { ManagementScope, PublicScope } from "@headrace/contract/common/operation.ts";
import type { operations } from "@headrace/contract/operations.ts";
import type { AuditVerifier } from "../../audit/audit-verifier.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { createAdminApiKeyEndpoint } from "./admin-api-keys/create-admin-api-key.ts";
import { deleteAdminApiKeyEndpoint } from "./admin-api-keys/delete-admin-api-key.ts";
import { listAdminApiKeysEndpoint } from "./admin-api-keys/list-admin-api-keys.ts";
import { retrieveAdminApiKeyEndpoint } from "./admin-api-keys/retrieve-admin-api-key.ts";
import { listAuditLogsEndpoint } from "./audit-logs/list-audit-logs.ts";
import { verifyAuditLogsEndpoint } from "./audit-logs/verify-audit-logs.ts";
import { retrieveOrganizationDataRetentionEndpoint } from "./data-retention/retrieve-organization-data-retention.ts";
import { retrieveProjectDataRetentionEndpoint } from "./data-retention/retrieve-project-data-retention.ts";
import { updateOrganizationDataRetentionEndpoint } from "./data-retention/update-organization-data-retention.ts";
import { updateProjectDataRetentionEndpoint } from "./data-retention/update-project-data-retention.ts";
import { retrieveProjectHostedToolPermissionsEndpoint } from "./hosted-tool-permissions/retrieve-hosted-tool-permissions.ts";
import { updateProjectHostedToolPermissionsEndpoint } from "./hosted-tool-permissions/update-hosted-tool-permissions.ts";
import { acceptInviteEndpoint } from "./invites/accept-invite.ts";
import { createInviteEndpoint } from "./invites/create-invite.ts";
import { deleteInviteEndpoint } from "./invites/delete-invite.ts";
import { listInvitesEndpoint } from "./invites/list-invites.ts";
import { retrieveInviteEndpoint } from "./invites/retrieve-invite.ts";
import { deleteProjectModelPermissionsEndpoint } from "./model-permissions/delete-model-permissions.ts";
import { retrieveProjectModelPermissionsEndpoint } from "./model-permissions/retrieve-model-permissions.ts";
import { updateProjectModelPermissionsEndpoint } from "./model-permissions/update-model-permissions.ts";
import type { AdminServices } from "./organization-change.ts";
import { deleteOrganizationUserEndpoint } from "./organization-users/delete-organization-user.ts";
import { listOrganizationUsersEndpoint } from "./organization-users/list-organization-users.ts";
import { retrieveOrganizationUserEndpoint } from "./organization-users/retrieve-organization-user.ts";
import { updateOrganizationUserEndpoint } from "./organization-users/update-organization-user.ts";
import { createProjectApiKeyEndpoint } from "./project-api-keys/create-project-api-key.ts";
import { deleteProjectApiKeyEndpoint } from "./project-api-keys/delete-project-api-key.ts";
import { listProjectApiKeysEndpoint } from "./project-api-keys/list-project-api-keys.ts";
import { restrictProjectApiKeyEndpoint } from "./project-api-keys/restrict-project-api-key.ts";
import { retrieveProjectApiKeyEndpoint } from "./project-api-keys/retrieve-project-api-key.ts";
import { retrieveProjectApiKeyRestrictionsEndpoint } from "./project-api-keys/retrieve-project-api-key-restrictions.ts";
import { rotateProjectApiKeyEndpoint } from "./project-api-keys/rotate-project-api-key.ts";
import { updateProjectApiKeyEndpoint } from "./project-api-keys/update-project-api-key.ts";
import { createProjectUserEndpoint } from "./project-users/create-project-user.ts";
import { deleteProjectUserEndpoint } from "./project-users/delete-project-user.ts";
import { listProjectUsersEndpoint } from "./project-users/list-project-users.ts";
import { retrieveProjectUserEndpoint } from "./project-users/retrieve-project-user.ts";
import { updateProjectUserEndpoint } from "./project-users/update-project-user.ts";
import { archiveProjectEndpoint } from "./projects/archive-project.ts";
import { createProjectEndpoint } from "./projects/create-project.ts";
import { listProjectsEndpoint } from "./projects/list-projects.ts";
import { retrieveProjectEndpoint } from "./projects/retrieve-project.ts";
import { updateProjectEndpoint } from "./projects/update-project.ts";
import { listProjectRateLimitsEndpoint } from "./rate-limits/list-rate-limits.ts";
import { updateProjectRateLimitEndpoint } from "./rate-limits/update-rate-limit.ts";
import { createProjectServiceAccountEndpoint } from "./service-accounts/create-service-account.ts";
import { createProjectServiceAccountApiKeyEndpoint } from "./service-accounts/create-service-account-api-key.ts";
import { deleteProjectServiceAccountEndpoint } from "./service-accounts/delete-service-account.ts";
import { listProjectServiceAccountsEndpoint } from "./service-accounts/list-service-accounts.ts";
import { retrieveProjectServiceAccountEndpoint } from "./service-accounts/retrieve-service-account.ts";
import { updateProjectServiceAccountEndpoint } from "./service-accounts/update-service-account.ts";
import { retrieveProjectServiceTierSettingsEndpoint } from "./service-tier-settings/retrieve-service-tier-settings.ts";
import { updateProjectServiceTierSettingsEndpoint } from "./service-tier-settings/update-service-tier-settings.ts";

export { toAuditPage } from "./audit-logs/audit-page.ts";
export { type AdminServices, apiKeyActor } from "./organization-change.ts";
export { seconds, secondsOrNull, toPage } from "./page.ts";

/** The operations of the contract that an organization's admin key may run, and the one by which people come into one. */
export type AdminOperationId = {
  [Id in keyof typeof operations]: (typeof operations)[Id]["scope"] extends ManagementScope | PublicScope ? Id : never;
}[keyof typeof operations];

/** The Admin API: an organization's projects, their settings, its people and keys. */
export function createAdminEndpoints(
  services: AdminServices & { readonly auditVerifier: AuditVerifier },
): Record<AdminOperationId, Endpoint> {
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

    listOrganizationUsers: listOrganizationUsersEndpoint(services),
    retrieveOrganizationUser: retrieveOrganizationUserEndpoint(services),
    updateOrganizationUser: updateOrganizationUserEndpoint(services),
    deleteOrganizationUser: deleteOrganizationUserEndpoint(services),
    listProjectUsers: listProjectUsersEndpoint(services),
    createProjectUser: createProjectUserEndpoint(services),
    retrieveProjectUser: retrieveProjectUserEndpoint(services),
    updateProjectUser: updateProjectUserEndpoint(services),
    deleteProjectUser: deleteProjectUserEndpoint(services),
    listInvites: listInvitesEndpoint(services),
    createInvite: createInviteEndpoint(services),
    retrieveInvite: retrieveInviteEndpoint(services),
    deleteInvite: deleteInviteEndpoint(services),
    acceptInvite: acceptInviteEndpoint(services),
    verifyAuditLogs: verifyAuditLogsEndpoint(services),
    listProjectRateLimits: listProjectRateLimitsEndpoint(services),
    updateProjectRateLimit: updateProjectRateLimitEndpoint(services),
    retrieveProjectModelPermissions: retrieveProjectModelPermissionsEndpoint(services),
    updateProjectModelPermissions: updateProjectModelPermissionsEndpoint(services),
    deleteProjectModelPermissions: deleteProjectModelPermissionsEndpoint(services),
    retrieveProjectHostedToolPermissions: retrieveProjectHostedToolPermissionsEndpoint(services),
    updateProjectHostedToolPermissions: updateProjectHostedToolPermissionsEndpoint(services),
    retrieveProjectServiceTierSettings: retrieveProjectServiceTierSettingsEndpoint(services),
    updateProjectServiceTierSettings: updateProjectServiceTierSettingsEndpoint(services),
    retrieveOrganizationDataRetention: retrieveOrganizationDataRetentionEndpoint(services),
    updateOrganizationDataRetention: updateOrganizationDataRetentionEndpoint(services),
    retrieveProjectDataRetention: retrieveProjectDataRetentionEndpoint(services),
    updateProjectDataRetention: updateProjectDataRetentionEndpoint(services),
  };
}
