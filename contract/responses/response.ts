import { z } from "zod";
import {
  count,
  metadata,
  moderationError,
  moderationResult,
  promptCacheRetention,
  timestamp,
} from "../common/fields.ts";
import { inputItem } from "./input-items.ts";
import { outputItem } from "./output-items.ts";
import { responseError } from "./response-error.ts";
import { cyberProgram, promptReference, reasoning, serviceTier, textConfig, truncation } from "./settings.ts";
import { toolChoice, tools } from "./tools.ts";
import { responseUsage, toolUsage } from "./usage.ts";

export const responseStatus = z.enum(["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"]);

const incompleteDetails = z.object({
  reason: z.enum(["max_output_tokens", "max_messages", "content_filter", "steered"]).optional(),
});

const inputTransformation = z.object({
  type: z.literal("reasoning"),
  id: z.string(),
  action: z.literal("removed"),
  reason: z.enum(["organization_mismatch", "end_user_mismatch", "model_mismatch", "prefix_mismatch", "turn_boundary"]),
});

const promptCacheDiagnostics = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("cache_miss"),
    cache_missed_tokens: count,
    comparison_reusable_tokens: count.optional(),
    reason: z.enum([
      "model_changed",
      "prompt_cache_key_changed",
      "tools_changed",
      "text_format_changed",
      "reasoning_effort_changed",
      "verbosity_changed",
      "context_compacted",
      "input_changed",
      "service_tier_changed",
    ]),
  }),
  z.object({ type: z.literal("cache_hit") }),
  z.object({ type: z.literal("comparison_response_not_found") }),
  z.object({ type: z.literal("unavailable") }),
]);

const moderationSide = z.discriminatedUnion("type", [moderationResult, moderationError]);

/**
 * The Response object. `presence_penalty` and `frequency_penalty` are on OpenAI's wire although the SDK's types don't
 * name them.
 */
export const response = z
  .object({
    id: z.string(),
    object: z.literal("response"),
    created_at: timestamp,
    status: responseStatus.optional(),
    completed_at: timestamp.nullish(),
    background: z.boolean().nullish(),
    access_programs: z.object({ cyber: cyberProgram }).nullable(),
    error: responseError.nullable(),
    incomplete_details: incompleteDetails.nullable(),
    instructions: z.union([z.string(), z.array(inputItem)]).nullable(),
    conversation: z.object({ id: z.string() }).nullish(),
    image: z.object({ context_compression: z.enum(["enabled", "disabled"]) }).optional(),
    input_transformations: z.array(inputTransformation).optional(),
    max_output_tokens: count.nullish(),
    max_tool_calls: count.nullish(),
    metadata: metadata.nullable(),
    model: z.string(),
    moderation: z.object({ input: moderationSide, output: moderationSide }).nullish(),
    output: z.array(outputItem),
    parallel_tool_calls: z.boolean(),
    presence_penalty: z.number().optional(),
    frequency_penalty: z.number().optional(),
    previous_response_id: z.string().nullish(),
    prompt: promptReference.nullish(),
    prompt_cache_diagnostics: promptCacheDiagnostics.optional(),
    prompt_cache_key: z.string().nullish(),
    prompt_cache_options: z
      .object({
        mode: z.enum(["implicit", "explicit"]),
        ttl: z.enum(["30m", "12h"]),
        comparison_response_id: z.string().nullish(),
      })
      .optional(),
    prompt_cache_retention: promptCacheRetention.nullish(),
    reasoning: reasoning.nullish(),
    safety_identifier: z.string().nullish(),
    service_tier: serviceTier.nullish(),
    store: z.boolean().optional(),
    temperature: z.number().nullable(),
    text: textConfig.optional(),
    tool_choice: toolChoice,
    tool_usage: toolUsage.optional(),
    tools,
    top_logprobs: count.nullish(),
    top_p: z.number().nullable(),
    truncation: truncation.nullish(),
    /** Null until the response has ended. */
    usage: responseUsage.nullish(),
    user: z.string().nullish(),
  })
  .meta({ id: "Response" });

export type ResponseObject = z.output<typeof response>;
export type ResponseStatus = z.output<typeof responseStatus>;
