import { z } from "zod";
import { deletedObject, displayName, expirySeconds, platformId } from "../admin/fields.ts";
import { pageOf, pageQuery } from "../admin/pagination.ts";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";

/** A key that runs the installation. */
export const operatorApiKey = z
  .object({
    id: z.string(),
    object: z.literal("headrace.operator_api_key"),
    name: z.string(),
    redacted_value: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
  })
  .meta({ id: "HeadraceOperatorApiKey" });

/** The one answer that shows the key itself. */
export const createdOperatorApiKey = operatorApiKey
  .extend({ value: z.string() })
  .meta({ id: "CreatedHeadraceOperatorApiKey" });

export const createOperatorApiKeyBody = z
  .strictObject({ name: displayName, expires_in_seconds: expirySeconds.optional() })
  .meta({ id: "CreateHeadraceOperatorApiKeyRequest" });

export const operatorApiKeyList = pageOf(operatorApiKey).meta({ id: "HeadraceOperatorApiKeyList" });

export const operatorApiKeyDeleted = deletedObject("headrace.operator_api_key.deleted").meta({
  id: "HeadraceOperatorApiKeyDeleted",
});

const params = z.strictObject({ key_id: platformId });

export const listOperatorApiKeys = operation({
  id: "listOperatorApiKeys",
  method: "GET",
  path: "/headrace/v1/operator_api_keys",
  tag: "Operator",
  summary: "Lists the installation's operator keys.",
  scope: "headrace.operate",
  query: pageQuery,
  response: operatorApiKeyList,
  errors: [],
});

export const createOperatorApiKey = operation({
  id: "createOperatorApiKey",
  method: "POST",
  path: "/headrace/v1/operator_api_keys",
  tag: "Operator",
  summary: "Creates an operator key. Its value is shown once, here.",
  scope: "headrace.operate",
  body: createOperatorApiKeyBody,
  response: createdOperatorApiKey,
  answersOnce: true,
  errors: [],
});

export const retrieveOperatorApiKey = operation({
  id: "retrieveOperatorApiKey",
  method: "GET",
  path: "/headrace/v1/operator_api_keys/{key_id}",
  tag: "Operator",
  summary: "Returns one operator key, redacted.",
  scope: "headrace.operate",
  params,
  response: operatorApiKey,
  errors: ["not_found"],
});

export const deleteOperatorApiKey = operation({
  id: "deleteOperatorApiKey",
  method: "DELETE",
  path: "/headrace/v1/operator_api_keys/{key_id}",
  tag: "Operator",
  summary: "Revokes an operator key, be it the one that asks. The last one that works stays.",
  scope: "headrace.operate",
  params,
  response: operatorApiKeyDeleted,
  errors: ["not_found"],
});

export type OperatorApiKey = z.output<typeof operatorApiKey>;
export type CreateOperatorApiKeyBody = z.output<typeof createOperatorApiKeyBody>;
