import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { deletedObject, displayName, expirySeconds, platformId } from "./fields.ts";
import { pageOf, pageQuery } from "./pagination.ts";

export const adminApiKey = z
  .object({
    id: z.string(),
    object: z.literal("organization.admin_api_key"),
    name: z.string(),
    redacted_value: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
    owner: z.object({
      id: z.string().optional(),
      object: z.string().optional(),
      type: z.string().optional(),
      name: z.string().optional(),
      role: z.string().optional(),
      created_at: timestamp.optional(),
    }),
  })
  .meta({ id: "AdminApiKey" });

/** The one answer that shows the key itself. */
export const createdAdminApiKey = adminApiKey.extend({ value: z.string() }).meta({ id: "CreatedAdminApiKey" });

export const createAdminApiKeyBody = z
  .strictObject({ name: displayName, expires_in_seconds: expirySeconds.optional() })
  .meta({ id: "CreateAdminApiKeyRequest" });

export const listAdminApiKeysQuery = pageQuery.extend({ order: z.enum(["asc", "desc"]).optional() });

export const adminApiKeyList = pageOf(adminApiKey).meta({ id: "AdminApiKeyList" });

export const adminApiKeyDeleted = deletedObject("organization.admin_api_key.deleted").meta({
  id: "AdminApiKeyDeleted",
});

const params = z.strictObject({ key_id: platformId });

export const listAdminApiKeys = operation({
  id: "listAdminApiKeys",
  method: "GET",
  path: "/v1/organization/admin_api_keys",
  tag: "Admin API keys",
  summary: "Lists the organization's admin keys.",
  scope: "api.management.read",
  query: listAdminApiKeysQuery,
  response: adminApiKeyList,
  errors: [],
});

export const createAdminApiKey = operation({
  id: "createAdminApiKey",
  method: "POST",
  path: "/v1/organization/admin_api_keys",
  tag: "Admin API keys",
  summary: "Creates an admin key. Its value is shown once, here.",
  scope: "api.management.write",
  body: createAdminApiKeyBody,
  response: createdAdminApiKey,
  answersOnce: true,
  errors: [],
});

export const retrieveAdminApiKey = operation({
  id: "retrieveAdminApiKey",
  method: "GET",
  path: "/v1/organization/admin_api_keys/{key_id}",
  tag: "Admin API keys",
  summary: "Returns one admin key, redacted.",
  scope: "api.management.read",
  params,
  response: adminApiKey,
  errors: ["not_found"],
});

export const deleteAdminApiKey = operation({
  id: "deleteAdminApiKey",
  method: "DELETE",
  path: "/v1/organization/admin_api_keys/{key_id}",
  tag: "Admin API keys",
  summary: "Revokes an admin key.",
  scope: "api.management.write",
  params,
  response: adminApiKeyDeleted,
  errors: ["not_found"],
});

export type AdminApiKey = z.output<typeof adminApiKey>;
export type CreatedAdminApiKey = z.output<typeof createdAdminApiKey>;
export type CreateAdminApiKeyBody = z.output<typeof createAdminApiKeyBody>;
export type ListAdminApiKeysQuery = z.output<typeof listAdminApiKeysQuery>;
export type AdminApiKeyDeleted = z.output<typeof adminApiKeyDeleted>;
