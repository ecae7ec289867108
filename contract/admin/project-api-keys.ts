import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { deletedObject, expirySeconds, keyScopes, platformId, projectParams } from "./fields.ts";
import { pageOf, pageQuery } from "./pagination.ts";

const owner = z.object({ id: z.string(), name: z.string(), role: z.string(), created_at: timestamp });

export const projectApiKey = z
  .object({
    id: z.string(),
    object: z.literal("organization.project.api_key"),
    name: z.string(),
    redacted_value: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
    owner: z.object({
      type: z.enum(["user", "service_account"]).optional(),
      user: owner.extend({ email: z.string() }).optional(),
      service_account: owner.optional(),
    }),
    /** Whether the owner can still reach the project. */
    owner_project_access: z.enum(["active", "inactive"]),
  })
  .meta({ id: "ProjectApiKey" });

export const updateProjectApiKeyBody = z
  .strictObject({ scopes: keyScopes.optional(), expires_in_seconds: expirySeconds.optional() })
  .refine(
    (body) => body.scopes !== undefined || body.expires_in_seconds !== undefined,
    "provide 'scopes', 'expires_in_seconds' or both.",
  )
  .meta({ id: "UpdateProjectApiKeyRequest" });

export const listProjectApiKeysQuery = pageQuery.extend({
  owner_project_access: z.enum(["active", "inactive", "any"]).optional(),
});

export const projectApiKeyList = pageOf(projectApiKey).meta({ id: "ProjectApiKeyList" });

export const projectApiKeyDeleted = deletedObject("organization.project.api_key.deleted").meta({
  id: "ProjectApiKeyDeleted",
});

const params = projectParams.extend({ api_key_id: platformId });

export const listProjectApiKeys = operation({
  id: "listProjectApiKeys",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/api_keys",
  tag: "Project API keys",
  summary: "Lists a project's keys, those of service accounts too.",
  scope: "api.management.read",
  params: projectParams,
  query: listProjectApiKeysQuery,
  response: projectApiKeyList,
  errors: ["not_found"],
});

export const retrieveProjectApiKey = operation({
  id: "retrieveProjectApiKey",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/api_keys/{api_key_id}",
  tag: "Project API keys",
  summary: "Returns one of a project's keys, redacted.",
  scope: "api.management.read",
  params,
  response: projectApiKey,
  errors: ["not_found"],
});

export const updateProjectApiKey = operation({
  id: "updateProjectApiKey",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/api_keys/{api_key_id}",
  tag: "Project API keys",
  summary: "Replaces a key's scopes, or sets anew when it expires. What is left out stays.",
  scope: "api.management.write",
  params,
  body: updateProjectApiKeyBody,
  response: projectApiKey,
  errors: ["not_found", "project_archived"],
});

export const deleteProjectApiKey = operation({
  id: "deleteProjectApiKey",
  method: "DELETE",
  path: "/v1/organization/projects/{project_id}/api_keys/{api_key_id}",
  tag: "Project API keys",
  summary: "Revokes one of a project's keys.",
  scope: "api.management.write",
  params,
  response: projectApiKeyDeleted,
  errors: ["not_found"],
});

export type ProjectApiKey = z.output<typeof projectApiKey>;
export type UpdateProjectApiKeyBody = z.output<typeof updateProjectApiKeyBody>;
export type ListProjectApiKeysQuery = z.output<typeof listProjectApiKeysQuery>;
export type ProjectApiKeyDeleted = z.output<typeof projectApiKeyDeleted>;
