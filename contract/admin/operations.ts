import { createAdminApiKey, deleteAdminApiKey, listAdminApiKeys, retrieveAdminApiKey } from "./admin-api-keys.ts";
import { listAuditLogs } from "./audit-logs/list-audit-logs.ts";
import {
  retrieveOrganizationDataRetention,
  retrieveProjectDataRetention,
  updateOrganizationDataRetention,
  updateProjectDataRetention,
} from "./data-retention.ts";
import { retrieveProjectHostedToolPermissions, updateProjectHostedToolPermissions } from "./hosted-tool-permissions.ts";
import { createInvite, deleteInvite, listInvites, retrieveInvite } from "./invites.ts";
import {
  deleteProjectModelPermissions,
  retrieveProjectModelPermissions,
  updateProjectModelPermissions,
} from "./model-permissions.ts";
import {
  deleteOrganizationUser,
  listOrganizationUsers,
  retrieveOrganizationUser,
  updateOrganizationUser,
} from "./organization-users.ts";
import {
  deleteProjectApiKey,
  listProjectApiKeys,
  retrieveProjectApiKey,
  updateProjectApiKey,
} from "./project-api-keys.ts";
import {
  createProjectUser,
  deleteProjectUser,
  listProjectUsers,
  retrieveProjectUser,
  updateProjectUser,
} from "./project-users.ts";
import { archiveProject, createProject, listProjects, retrieveProject, updateProject } from "./projects.ts";
import { listProjectRateLimits, updateProjectRateLimit } from "./rate-limits.ts";
import {
  createProjectServiceAccount,
  createProjectServiceAccountApiKey,
  deleteProjectServiceAccount,
  listProjectServiceAccounts,
  retrieveProjectServiceAccount,
  updateProjectServiceAccount,
} from "./service-accounts.ts";
import { retrieveProjectServiceTierSettings, updateProjectServiceTierSettings } from "./service-tier-settings.ts";

/** OpenAI's Admin API, as far as it is described and served here. */
export const adminOperations = {
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
  listProjectRateLimits,
  updateProjectRateLimit,
  retrieveProjectModelPermissions,
  updateProjectModelPermissions,
  deleteProjectModelPermissions,
  retrieveProjectHostedToolPermissions,
  updateProjectHostedToolPermissions,
  retrieveProjectServiceTierSettings,
  updateProjectServiceTierSettings,
  retrieveOrganizationDataRetention,
  updateOrganizationDataRetention,
  retrieveProjectDataRetention,
  updateProjectDataRetention,
  listOrganizationUsers,
  retrieveOrganizationUser,
  updateOrganizationUser,
  deleteOrganizationUser,
  listProjectUsers,
  createProjectUser,
  retrieveProjectUser,
  updateProjectUser,
  deleteProjectUser,
  listInvites,
  createInvite,
  retrieveInvite,
  deleteInvite,
} as const;
