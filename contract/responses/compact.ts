import { z } from "zod";
import { modelName, objectId, promptCacheKey, promptCacheRetention, text, timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { responseLimitsOf, responseUsageOf } from "./create-response.ts";
import { inputItems } from "./input-items.ts";
import { compactionItem } from "./output-items.ts";
import { storedMessage } from "./stored-items.ts";
import { responseUsage } from "./usage.ts";

export const compactResponseBody = z
  .strictObject({
    image: z.strictObject({ context_compression: z.enum(["auto", "enabled", "disabled"]).optional() }).optional(),
    input: z.union([text, inputItems]).nullish(),
    instructions: text.nullish(),
    model: modelName.nullish(),
    previous_response_id: objectId.nullish(),
    prompt_cache_key: promptCacheKey.nullish(),
    prompt_cache_options: z
      .strictObject({ mode: z.enum(["implicit", "explicit"]).optional(), ttl: z.literal("30m").optional() })
      .nullish(),
    prompt_cache_retention: promptCacheRetention.nullish(),
    service_tier: z.enum(["auto", "default", "fast", "flex", "priority"]).nullish(),
  })
  .meta({ id: "CompactResponseRequest" });

/** The messages of the user, then one compaction item. */
export const compactedResponse = z
  .object({
    id: z.string(),
    object: z.literal("response.compaction"),
    created_at: timestamp,
    output: z.array(z.discriminatedUnion("type", [storedMessage, compactionItem])),
    usage: responseUsage,
  })
  .meta({ id: "CompactedResponse" });

export const compactResponse = operation({
  id: "compactResponse",
  method: "POST",
  path: "/v1/responses/compact",
  tag: "Responses",
  summary: "Has a model sum up what was said, sealed, so that a later response can go on from the sum.",
  scope: "api.responses.write",
  body: compactResponseBody,
  response: compactedResponse,
  errors: [
    "model_not_found",
    "model_not_ready",
    "context_length_exceeded",
    "previous_response_not_found",
    "not_found",
    "invalid_encrypted_content",
    "unsupported_parameter",
    "unsupported_modality",
    "unsupported_value",
    "engine_failed",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
  usageOf: responseUsageOf,
  limitsOf: () => responseLimitsOf({}),
});

export type CompactResponseBody = z.output<typeof compactResponseBody>;
export type CompactedResponse = z.output<typeof compactedResponse>;
