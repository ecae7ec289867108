import { z } from "zod";
import { list } from "../common/collections.ts";
import {
  endUserId,
  integer,
  label,
  metadata,
  modelName,
  moderationRequest,
  objectId,
  promptCacheKey,
  promptCacheRetention,
  temperature,
  text,
  topP,
} from "../common/fields.ts";
import { contextManagementEntriesMax, outputTokensMax, toolCallRoundsMax, topLogprobsMax } from "../common/limits.ts";
import { inputItems } from "./input-items.ts";
import { cyberProgram, promptReference, reasoning, serviceTier, textConfig, truncation } from "./settings.ts";
import { requestedTools, toolChoice } from "./tools.ts";

/** What an answer may say besides what it always says. */
export const includable = z
  .enum([
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
  ])
  .meta({ id: "ResponseIncludable" });

export const include = list(includable, { max: 64 });

const contextManagement = z.strictObject({ type: label, compact_threshold: integer(1, outputTokensMax).nullish() });

export const createResponseBody = z
  .strictObject({
    access_programs: z.strictObject({ cyber: cyberProgram.optional() }).optional(),
    background: z.boolean().nullish(),
    context_management: list(contextManagement, { max: contextManagementEntriesMax }).nullish(),
    conversation: z.union([objectId, z.strictObject({ id: objectId })]).nullish(),
    image: z.strictObject({ context_compression: z.enum(["auto", "enabled", "disabled"]).optional() }).optional(),
    include: include.nullish(),
    input: z.union([text, inputItems]).optional(),
    instructions: text.nullish(),
    max_output_tokens: integer(1, outputTokensMax).nullish(),
    max_tool_calls: integer(1, toolCallRoundsMax).nullish(),
    metadata: metadata.nullish(),
    model: modelName.optional(),
    moderation: moderationRequest.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    previous_response_id: objectId.nullish(),
    prompt: promptReference.nullish(),
    prompt_cache_key: promptCacheKey.nullish(),
    prompt_cache_options: z
      .strictObject({
        comparison_response_id: objectId.nullish(),
        mode: z.enum(["implicit", "explicit"]).optional(),
        prewarm: z.boolean().optional(),
        ttl: z.enum(["30m", "12h"]).optional(),
      })
      .optional(),
    prompt_cache_retention: promptCacheRetention.nullish(),
    reasoning: reasoning.nullish(),
    safety_identifier: endUserId.nullish(),
    service_tier: serviceTier.nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
    temperature: temperature.nullish(),
    text: textConfig.optional(),
    tool_choice: toolChoice.optional(),
    tools: requestedTools.optional(),
    top_logprobs: integer(0, topLogprobsMax).nullish(),
    top_p: topP.nullish(),
    truncation: truncation.nullish(),
    user: endUserId.optional(),
  })
  .meta({ id: "CreateResponseRequest" });

/** The conversation that a response is made in; undefined where it is made in none. */
export function conversationIdOf({ conversation }: Pick<CreateResponseBody, "conversation">): string | undefined {
  return typeof conversation === "object" ? conversation?.id : conversation;
}

export type CreateResponseBody = z.output<typeof createResponseBody>;
export type Includable = z.output<typeof includable>;
