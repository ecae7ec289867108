import type { ConversationCursorPageResponse, CursorPageResponse } from "openai/core/pagination";
import type * as AdminApiKeys from "openai/resources/admin/organization/admin-api-keys";
import type * as OrganizationRetention from "openai/resources/admin/organization/data-retention";
import type * as Invites from "openai/resources/admin/organization/invites";
import type * as ProjectApiKeys from "openai/resources/admin/organization/projects/api-keys";
import type * as ProjectRetention from "openai/resources/admin/organization/projects/data-retention";
import type * as HostedTools from "openai/resources/admin/organization/projects/hosted-tool-permissions";
import type * as Models from "openai/resources/admin/organization/projects/model-permissions";
import type * as Projects from "openai/resources/admin/organization/projects/projects";
import type * as RateLimits from "openai/resources/admin/organization/projects/rate-limits";
import type * as ServiceAccountKeys from "openai/resources/admin/organization/projects/service-accounts/api-keys";
import type * as ServiceAccounts from "openai/resources/admin/organization/projects/service-accounts/service-accounts";
import type * as ServiceTiers from "openai/resources/admin/organization/projects/service-tier-settings";
import type * as ProjectUsers from "openai/resources/admin/organization/projects/users/users";
import type * as Users from "openai/resources/admin/organization/users/users";
import type { z } from "zod";
import type { Exceptions, Same } from "../common/parity.ts";
import type {
  AdminApiKey,
  AdminApiKeyDeleted,
  CreateAdminApiKeyBody,
  CreatedAdminApiKey,
  ListAdminApiKeysQuery,
} from "./admin-api-keys.ts";
import type {
  OrganizationDataRetention,
  ProjectDataRetention,
  UpdateOrganizationDataRetentionBody,
  UpdateProjectDataRetentionBody,
} from "./data-retention.ts";
import type { HostedToolPermissions, UpdateHostedToolPermissionsBody } from "./hosted-tool-permissions.ts";
import type { CreateInviteBody, Invite, InviteDeleted } from "./invites.ts";
import type { ModelPermissions, ModelPermissionsDeleted, UpdateModelPermissionsBody } from "./model-permissions.ts";
import type {
  ListOrganizationUsersQuery,
  OrganizationUser,
  OrganizationUserDeleted,
  UpdateOrganizationUserBody,
} from "./organization-users.ts";
import type { PageOf, PageQuery, TwoWayPageQuery } from "./pagination.ts";
import type { Paths } from "./parity-paths.ts";
import type {
  ListProjectApiKeysQuery,
  ProjectApiKey,
  ProjectApiKeyDeleted,
  UpdateProjectApiKeyBody,
} from "./project-api-keys.ts";
import type { CreateProjectUserBody, ProjectUser, ProjectUserDeleted, UpdateProjectUserBody } from "./project-users.ts";
import type { CreateProjectBody, ListProjectsQuery, Project, UpdateProjectBody } from "./projects.ts";
import type { ProjectRateLimit, UpdateProjectRateLimitBody } from "./rate-limits.ts";
import type {
  CreatedServiceAccount,
  CreatedServiceAccountApiKey,
  CreateServiceAccountApiKeyBody,
  CreateServiceAccountBody,
  ServiceAccount,
  ServiceAccountDeleted,
  UpdateServiceAccountBody,
} from "./service-accounts.ts";
import type { ServiceTierSettings, UpdateServiceTierSettingsBody } from "./service-tier-settings.ts";

/** The SDK puts ids of the path and fields of the body into one object. */
type Body<Params> = Omit<Params, "project_id">;

const always = "Always sent.";
const deleted = "What could not be deleted is an error, never `false`.";
const roles = "A plain string in the SDK, whose documentation names these roles; custom roles are not served yet.";
const onlyDeleted = { deleted: ["sdk_is_wider", deleted] } as const;

export const pageExceptions = {
  object: ["only_ours", "On OpenAI's wire, not in the SDK's types."],
  first_id: ["only_ours", "On OpenAI's wire, not in the SDK's types."],
  last_id: ["only_ours", "On OpenAI's wire; this cursor of the SDK reads the last object's id."],
} satisfies Exceptions<PageOf<z.ZodString>, CursorPageResponse<string>>;
export const conversationPageExceptions = {
  object: ["only_ours", "On OpenAI's wire, not in the SDK's types."],
  first_id: ["only_ours", "On OpenAI's wire, not in the SDK's types."],
  last_id: ["ours_is_wider", "Null where the page is empty; the SDK then stops."],
} satisfies Exceptions<PageOf<z.ZodString>, ConversationCursorPageResponse<string>>;

export const adminApiKey = {
  name: ["sdk_is_optional", always],
  last_used_at: ["sdk_is_optional", always],
} satisfies Exceptions<AdminApiKey, AdminApiKeys.AdminAPIKey>;
export const createdAdminApiKey = {
  name: ["sdk_is_optional", always],
  last_used_at: ["sdk_is_optional", always],
} satisfies Exceptions<CreatedAdminApiKey, AdminApiKeys.AdminAPIKeyCreateResponse>;
export const adminApiKeyDeleted = onlyDeleted satisfies Exceptions<
  AdminApiKeyDeleted,
  AdminApiKeys.AdminAPIKeyDeleteResponse
>;
export const createAdminApiKey = {} satisfies Exceptions<CreateAdminApiKeyBody, AdminApiKeys.AdminAPIKeyCreateParams>;
export const listAdminApiKeys = {
  after: ["sdk_is_wider", "The SDK writes null as an empty text, which is taken."],
} satisfies Exceptions<ListAdminApiKeysQuery, AdminApiKeys.AdminAPIKeyListParams>;

export const project = {
  name: ["sdk_is_optional", always],
  status: ["sdk_is_optional", always],
  archived_at: ["sdk_is_optional", always],
} satisfies Exceptions<Project, Projects.Project>;
export const createProject = {} satisfies Exceptions<CreateProjectBody, Projects.ProjectCreateParams>;
export const updateProject = {} satisfies Exceptions<UpdateProjectBody, Projects.ProjectUpdateParams>;
export const listProjects = {} satisfies Exceptions<ListProjectsQuery, Projects.ProjectListParams>;

export const projectApiKey = {
  expires_at: ["sdk_is_optional", always],
} satisfies Exceptions<ProjectApiKey, ProjectApiKeys.ProjectAPIKey>;
export const projectApiKeyDeleted = onlyDeleted satisfies Exceptions<
  ProjectApiKeyDeleted,
  ProjectApiKeys.APIKeyDeleteResponse
>;
export const updateProjectApiKey = {} satisfies Exceptions<
  UpdateProjectApiKeyBody,
  Body<ProjectApiKeys.APIKeyUpdateParams>
>;
export const listProjectApiKeys = {} satisfies Exceptions<ListProjectApiKeysQuery, ProjectApiKeys.APIKeyListParams>;

export const serviceAccount = {} satisfies Exceptions<ServiceAccount, ServiceAccounts.ProjectServiceAccount>;
export const createdServiceAccount = {
  api_key: ["sdk_is_wider", "`expires_at` is always sent."],
} satisfies Exceptions<CreatedServiceAccount, ServiceAccounts.ServiceAccountCreateResponse>;
export const createdServiceAccountApiKey = {
  expires_at: ["sdk_is_optional", always],
} satisfies Exceptions<CreatedServiceAccountApiKey, ServiceAccountKeys.APIKeyCreateResponse>;
export const serviceAccountDeleted = onlyDeleted satisfies Exceptions<
  ServiceAccountDeleted,
  ServiceAccounts.ServiceAccountDeleteResponse
>;
export const createServiceAccount = {} satisfies Exceptions<
  CreateServiceAccountBody,
  ServiceAccounts.ServiceAccountCreateParams
>;
export const updateServiceAccount = {} satisfies Exceptions<
  UpdateServiceAccountBody,
  Body<ServiceAccounts.ServiceAccountUpdateParams>
>;
export const listServiceAccounts = {} satisfies Exceptions<PageQuery, ServiceAccounts.ServiceAccountListParams>;
export const createServiceAccountApiKey = {} satisfies Exceptions<
  CreateServiceAccountApiKeyBody,
  Body<ServiceAccountKeys.APIKeyCreateParams>
>;

export const organizationUser = {
  name: ["sdk_is_optional", always],
  email: ["sdk_is_optional", always],
  role: ["sdk_is_optional", `${always} ${roles}`],
} satisfies Exceptions<OrganizationUser, Users.OrganizationUser>;
export const organizationUserDeleted = onlyDeleted satisfies Exceptions<
  OrganizationUserDeleted,
  Users.UserDeleteResponse
>;
export const updateOrganizationUser = {
  role: ["sdk_is_wider", roles],
} satisfies Exceptions<UpdateOrganizationUserBody, Users.UserUpdateParams>;
export const listOrganizationUsers = {} satisfies Exceptions<ListOrganizationUsersQuery, Users.UserListParams>;

export const projectUser = {
  name: ["sdk_is_optional", always],
  email: ["sdk_is_optional", always],
  role: ["sdk_is_wider", roles],
} satisfies Exceptions<ProjectUser, ProjectUsers.ProjectUser>;
export const projectUserDeleted = onlyDeleted satisfies Exceptions<ProjectUserDeleted, ProjectUsers.UserDeleteResponse>;
export const createProjectUser = {
  role: ["sdk_is_wider", roles],
} satisfies Exceptions<CreateProjectUserBody, ProjectUsers.UserCreateParams>;
export const updateProjectUser = {
  role: ["sdk_is_wider", roles],
} satisfies Exceptions<UpdateProjectUserBody, Body<ProjectUsers.UserUpdateParams>>;
export const listProjectUsers = {} satisfies Exceptions<PageQuery, ProjectUsers.UserListParams>;

export const invite = {
  accepted_at: ["sdk_is_optional", always],
  expires_at: ["sdk_is_optional", always],
} satisfies Exceptions<Invite, Invites.Invite>;
export const inviteDeleted = onlyDeleted satisfies Exceptions<InviteDeleted, Invites.InviteDeleteResponse>;
export const createInvite = {} satisfies Exceptions<CreateInviteBody, Invites.InviteCreateParams>;
export const listInvites = {} satisfies Exceptions<PageQuery, Invites.InviteListParams>;

export const rateLimit = {} satisfies Exceptions<ProjectRateLimit, RateLimits.ProjectRateLimit>;
export const updateRateLimit = {} satisfies Exceptions<
  UpdateProjectRateLimitBody,
  Body<RateLimits.RateLimitUpdateRateLimitParams>
>;
export const listRateLimits = {} satisfies Exceptions<TwoWayPageQuery, RateLimits.RateLimitListRateLimitsParams>;

export const modelPermissions = {} satisfies Exceptions<ModelPermissions, Models.ProjectModelPermissions>;
export const updateModelPermissions = {} satisfies Exceptions<
  UpdateModelPermissionsBody,
  Models.ModelPermissionUpdateParams
>;
export const modelPermissionsDeleted = onlyDeleted satisfies Exceptions<
  ModelPermissionsDeleted,
  Models.ProjectModelPermissionsDeleted
>;

export const hostedToolPermissions = {} satisfies Exceptions<
  HostedToolPermissions,
  HostedTools.ProjectHostedToolPermissions
>;
export const updateHostedToolPermissions = {} satisfies Exceptions<
  UpdateHostedToolPermissionsBody,
  HostedTools.HostedToolPermissionUpdateParams
>;

export const serviceTierSettings = {} satisfies Exceptions<
  ServiceTierSettings,
  ServiceTiers.ProjectServiceTierSettings
>;
export const updateServiceTierSettings = {} satisfies Exceptions<
  UpdateServiceTierSettingsBody,
  ServiceTiers.ServiceTierSettingUpdateParams
>;

export const organizationDataRetention = {} satisfies Exceptions<
  OrganizationDataRetention,
  OrganizationRetention.OrganizationDataRetention
>;
export const updateOrganizationDataRetention = {} satisfies Exceptions<
  UpdateOrganizationDataRetentionBody,
  OrganizationRetention.DataRetentionUpdateParams
>;
export const projectDataRetention = {} satisfies Exceptions<
  ProjectDataRetention,
  ProjectRetention.ProjectDataRetention
>;
export const updateProjectDataRetention = {} satisfies Exceptions<
  UpdateProjectDataRetentionBody,
  ProjectRetention.DataRetentionUpdateParams
>;

export const adminApiKeyPaths = true satisfies Same<Paths<AdminApiKey>, Paths<AdminApiKeys.AdminAPIKey>>;
export const projectApiKeyPaths = true satisfies Same<Paths<ProjectApiKey>, Paths<ProjectApiKeys.ProjectAPIKey>>;
export const createdServiceAccountPaths = true satisfies Same<
  Paths<CreatedServiceAccount>,
  Paths<ServiceAccounts.ServiceAccountCreateResponse>
>;
export const organizationUserPaths = true satisfies Same<Paths<OrganizationUser>, Paths<Users.OrganizationUser>>;
export const invitePaths = true satisfies Same<Paths<Invite>, Paths<Invites.Invite>>;
export const createInvitePaths = true satisfies Same<Paths<CreateInviteBody>, Paths<Invites.InviteCreateParams>>;
export const hostedToolPaths = true satisfies Same<
  Paths<HostedToolPermissions>,
  Paths<HostedTools.ProjectHostedToolPermissions>
>;
export const updateHostedToolPaths = true satisfies Same<
  Paths<UpdateHostedToolPermissionsBody>,
  Paths<HostedTools.HostedToolPermissionUpdateParams>
>;
