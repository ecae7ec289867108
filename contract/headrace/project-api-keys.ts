import { z } from "zod";
import { displayName, expirySeconds, keyScopes, permittedModel, platformId, projectParams } from "../admin/fields.ts";
import { isAddressBlock } from "../common/address-block.ts";
import { list } from "../common/collections.ts";
import { integer, timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";

/** Addresses or blocks that one key may be used from. */
const keyAddressesMax = 100;
/** Models that one key may ask. */
const keyModelsMax = 100;
/** Seconds that a rotated key may go on: 30 days. */
const graceSecondsMax = 2_592_000;

/** Characters of the longest block: an IPv6 address with an IPv4 address at its end (45), a slash and three digits. */
const addressCharactersMax = 49;

const address = z
  .string()
  .max(addressCharactersMax, { abort: true })
  .refine(isAddressBlock, "expected an address such as '192.0.2.7' or a block such as '10.0.0.0/8'.");

const models = list(permittedModel, { min: 1, max: keyModelsMax });
const addresses = list(address, { min: 1, max: keyAddressesMax });

/** A project's key with what OpenAI's object does not tell of it: what it is narrowed to, and what came after it. */
export const headraceProjectApiKey = z
  .object({
    id: z.string(),
    object: z.literal("headrace.project_api_key"),
    project_id: z.string(),
    name: z.string(),
    redacted_value: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
    /** An empty list: every permission. */
    scopes: z.array(z.string()),
    /** Null: all models that the project may ask. */
    models: z.array(z.string()).nullable(),
    /** Null: from anywhere. */
    ip_addresses: z.array(z.string()).nullable(),
    /** The key that was made in its place. */
    replaced_by: z.string().nullable(),
  })
  .meta({ id: "HeadraceProjectApiKey" });

/** The one answer that shows the key itself. */
export const createdHeadraceProjectApiKey = headraceProjectApiKey
  .extend({ value: z.string() })
  .meta({ id: "CreatedHeadraceProjectApiKey" });

export const createProjectApiKeyBody = z
  .strictObject({
    name: displayName,
    scopes: keyScopes.optional(),
    models: models.nullish(),
    ip_addresses: addresses.nullish(),
    expires_in_seconds: expirySeconds.nullish(),
  })
  .meta({ id: "CreateHeadraceProjectApiKeyRequest" });

export const restrictProjectApiKeyBody = z
  .strictObject({ models: models.nullish(), ip_addresses: addresses.nullish() })
  .refine(
    (body) => body.models !== undefined || body.ip_addresses !== undefined,
    "provide 'models', 'ip_addresses' or both; null lifts a restriction.",
  )
  .meta({ id: "RestrictHeadraceProjectApiKeyRequest" });

export const rotateProjectApiKeyBody = z
  .strictObject({
    /** How long the old key goes on; 0 revokes it at once. Left out: a day. */
    grace_seconds: integer(0, graceSecondsMax).optional(),
    /** Left out: the new key lives as long as the old one was made to. */
    expires_in_seconds: expirySeconds.nullish(),
  })
  .meta({ id: "RotateHeadraceProjectApiKeyRequest" });

const params = projectParams.extend({ api_key_id: platformId });

export const createProjectApiKey = operation({
  id: "createProjectApiKey",
  method: "POST",
  path: "/headrace/v1/projects/{project_id}/api_keys",
  tag: "Project API keys",
  summary: "Creates a project key, narrowed as you wish. Its value is shown once, here.",
  scope: "api.management.write",
  params: projectParams,
  body: createProjectApiKeyBody,
  response: createdHeadraceProjectApiKey,
  answersOnce: true,
  errors: ["not_found", "project_archived"],
});

export const retrieveProjectApiKeyRestrictions = operation({
  id: "retrieveProjectApiKeyRestrictions",
  method: "GET",
  path: "/headrace/v1/projects/{project_id}/api_keys/{api_key_id}",
  tag: "Project API keys",
  summary: "Returns one of a project's keys, redacted, with its scopes and restrictions.",
  scope: "api.management.read",
  params,
  response: headraceProjectApiKey,
  errors: ["not_found"],
});

export const restrictProjectApiKey = operation({
  id: "restrictProjectApiKey",
  method: "POST",
  path: "/headrace/v1/projects/{project_id}/api_keys/{api_key_id}",
  tag: "Project API keys",
  summary: "Changes which models a key may ask and where it may be used from. What is left out stays.",
  scope: "api.management.write",
  params,
  body: restrictProjectApiKeyBody,
  response: headraceProjectApiKey,
  errors: ["not_found", "project_archived"],
});

export const rotateProjectApiKey = operation({
  id: "rotateProjectApiKey",
  method: "POST",
  path: "/headrace/v1/projects/{project_id}/api_keys/{api_key_id}/rotate",
  tag: "Project API keys",
  summary: "Makes a key like this one, which goes on for a while. The new key's value is shown once, here.",
  scope: "api.management.write",
  params,
  body: rotateProjectApiKeyBody,
  response: createdHeadraceProjectApiKey,
  answersOnce: true,
  errors: ["not_found", "project_archived"],
});

export type HeadraceProjectApiKey = z.output<typeof headraceProjectApiKey>;
