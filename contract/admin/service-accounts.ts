import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import {
  deletedObject,
  displayName,
  expirySeconds,
  keyScopes,
  platformId,
  projectParams,
  projectRole,
} from "./fields.ts";
import { pageOf, pageQuery } from "./pagination.ts";

export const serviceAccount = z
  .object({
    id: z.string(),
    object: z.literal("organization.project.service_account"),
    name: z.string(),
    role: z.enum(["owner", "member", "none"]),
    created_at: timestamp,
  })
  .meta({ id: "ProjectServiceAccount" });

/** A new key with its value, which is shown here and nowhere else. OpenAI gives it no `redacted_value`. */
export const createdServiceAccountApiKey = z
  .object({
    id: z.string(),
    object: z.literal("organization.project.service_account.api_key"),
    name: z.string(),
    value: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
  })
  .meta({ id: "CreatedServiceAccountApiKey" });

/** The key is null, and the role `none`, with `create_service_account_only`. */
export const createdServiceAccount = serviceAccount
  .extend({ role: z.enum(["member", "none"]), api_key: createdServiceAccountApiKey.nullable() })
  .meta({ id: "CreatedProjectServiceAccount" });

export const createServiceAccountBody = z
  .strictObject({
    name: displayName,
    create_service_account_only: z.boolean().nullish(),
    expires_in_seconds: expirySeconds.nullish(),
  })
  .refine((body) => body.create_service_account_only !== true || typeof body.expires_in_seconds !== "number", {
    path: ["expires_in_seconds"],
    message: "no key is made with 'create_service_account_only'; leave this out.",
  })
  .meta({ id: "CreateProjectServiceAccountRequest" });

export const updateServiceAccountBody = z
  .strictObject({ name: displayName.optional(), role: projectRole.optional() })
  .meta({ id: "UpdateProjectServiceAccountRequest" });

export const createServiceAccountApiKeyBody = z
  .strictObject({
    name: displayName.optional(),
    scopes: keyScopes.optional(),
    expires_in_seconds: expirySeconds.nullish(),
  })
  .meta({ id: "CreateServiceAccountApiKeyRequest" });

export const serviceAccountList = pageOf(serviceAccount).meta({ id: "ProjectServiceAccountList" });

export const serviceAccountDeleted = deletedObject("organization.project.service_account.deleted").meta({
  id: "ProjectServiceAccountDeleted",
});

const params = projectParams.extend({ service_account_id: platformId });

export const listProjectServiceAccounts = operation({
  id: "listProjectServiceAccounts",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/service_accounts",
  tag: "Service accounts",
  summary: "Lists a project's service accounts.",
  scope: "api.management.read",
  params: projectParams,
  query: pageQuery,
  response: serviceAccountList,
  errors: ["not_found"],
});

export const createProjectServiceAccount = operation({
  id: "createProjectServiceAccount",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/service_accounts",
  tag: "Service accounts",
  summary: "Creates a service account and its first key, whose value is shown once, here.",
  scope: "api.management.write",
  params: projectParams,
  body: createServiceAccountBody,
  response: createdServiceAccount,
  answersOnce: true,
  errors: ["not_found", "project_archived"],
});

export const retrieveProjectServiceAccount = operation({
  id: "retrieveProjectServiceAccount",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/service_accounts/{service_account_id}",
  tag: "Service accounts",
  summary: "Returns one service account.",
  scope: "api.management.read",
  params,
  response: serviceAccount,
  errors: ["not_found"],
});

export const updateProjectServiceAccount = operation({
  id: "updateProjectServiceAccount",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/service_accounts/{service_account_id}",
  tag: "Service accounts",
  summary: "Changes a service account's name or role.",
  scope: "api.management.write",
  params,
  body: updateServiceAccountBody,
  response: serviceAccount,
  errors: ["not_found", "project_archived"],
});

export const deleteProjectServiceAccount = operation({
  id: "deleteProjectServiceAccount",
  method: "DELETE",
  path: "/v1/organization/projects/{project_id}/service_accounts/{service_account_id}",
  tag: "Service accounts",
  summary: "Deletes a service account and revokes its keys.",
  scope: "api.management.write",
  params,
  response: serviceAccountDeleted,
  errors: ["not_found", "project_archived"],
});

export const createProjectServiceAccountApiKey = operation({
  id: "createProjectServiceAccountApiKey",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys",
  tag: "Service accounts",
  summary: "Creates another key of a service account. Its value is shown once, here.",
  scope: "api.management.write",
  params,
  body: createServiceAccountApiKeyBody,
  response: createdServiceAccountApiKey,
  answersOnce: true,
  errors: ["not_found", "project_archived"],
});

export type ServiceAccount = z.output<typeof serviceAccount>;
export type CreatedServiceAccount = z.output<typeof createdServiceAccount>;
export type CreatedServiceAccountApiKey = z.output<typeof createdServiceAccountApiKey>;
export type CreateServiceAccountBody = z.output<typeof createServiceAccountBody>;
export type UpdateServiceAccountBody = z.output<typeof updateServiceAccountBody>;
export type CreateServiceAccountApiKeyBody = z.output<typeof createServiceAccountApiKeyBody>;
export type ServiceAccountDeleted = z.output<typeof serviceAccountDeleted>;
