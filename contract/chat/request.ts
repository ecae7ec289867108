import { z } from "zod";
import { list, pairs } from "../common/collections.ts";
import {
  endUserId,
  integer,
  jsonObject,
  metadata,
  modelName,
  moderationRequest,
  objectId,
  promptCacheKey,
  promptCacheRetention,
  reasoningEffort,
  temperature,
  text,
  toolName,
  topP,
  verbosity,
} from "../common/fields.ts";
import {
  choicesMax,
  contentPartsMax,
  descriptionCharactersMax,
  logitBiasTokensMax,
  messagesMax,
  nameCharactersMax,
  outputTokensMax,
  stopSequenceCharactersMax,
  stopSequencesMax,
  topLogprobsMax,
} from "../common/limits.ts";
import { textPart } from "./content-parts.ts";
import { chatMessage } from "./messages.ts";
import { chatFunctionCallChoice, chatFunctions, chatToolChoice, chatTools } from "./tools.ts";

const penalty = z.number().min(-2).max(2);
const maxTokens = integer(1, outputTokensMax);
const stopSequence = z.string().min(1).max(stopSequenceCharactersMax);

const audioOutput = z.strictObject({
  format: z.enum(["wav", "aac", "mp3", "flac", "opus", "pcm16"]),
  voice: z.union([z.string().min(1).max(nameCharactersMax), z.strictObject({ id: objectId })]),
});

const responseFormat = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object") }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject({
        name: toolName,
        description: z.string().max(descriptionCharactersMax).optional(),
        schema: jsonObject.optional(),
        strict: z.boolean().nullish(),
      }),
    }),
  ])
  .meta({ id: "ChatResponseFormat" });

const place = z.string().max(nameCharactersMax).optional();

const webSearchOptions = z.strictObject({
  search_context_size: z.enum(["low", "medium", "high"]).optional(),
  user_location: z
    .strictObject({
      type: z.literal("approximate"),
      approximate: z.strictObject({ city: place, country: place, region: place, timezone: place }),
    })
    .nullish(),
});

export const createChatCompletionBody = z
  .strictObject({
    messages: list(chatMessage, { min: 1, max: messagesMax }),
    model: modelName,
    audio: audioOutput.nullish(),
    frequency_penalty: penalty.nullish(),
    function_call: chatFunctionCallChoice.optional(),
    functions: chatFunctions.optional(),
    logit_bias: pairs(z.string().max(16), z.number().min(-100).max(100), logitBiasTokensMax).nullish(),
    logprobs: z.boolean().nullish(),
    max_completion_tokens: maxTokens.nullish(),
    max_tokens: maxTokens.nullish(),
    metadata: metadata.nullish(),
    modalities: list(z.enum(["text", "audio"]), { max: 2 }).nullish(),
    moderation: moderationRequest.nullish(),
    n: integer(1, choicesMax).nullish(),
    parallel_tool_calls: z.boolean().optional(),
    prediction: z
      .strictObject({
        type: z.literal("content"),
        content: z.union([text, list(textPart, { min: 1, max: contentPartsMax })]),
      })
      .nullish(),
    presence_penalty: penalty.nullish(),
    prompt_cache_key: promptCacheKey.nullish(),
    prompt_cache_options: z
      .strictObject({ mode: z.enum(["implicit", "explicit"]).optional(), ttl: z.literal("30m").optional() })
      .optional(),
    prompt_cache_retention: promptCacheRetention.nullish(),
    reasoning_effort: reasoningEffort.nullish(),
    response_format: responseFormat.optional(),
    safety_identifier: endUserId.nullish(),
    seed: z.int().nullish(),
    service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast"]).nullish(),
    stop: z.union([stopSequence, list(stopSequence, { max: stopSequencesMax })]).nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({ include_obfuscation: z.boolean().optional(), include_usage: z.boolean().optional() })
      .nullish(),
    temperature: temperature.nullish(),
    tool_choice: chatToolChoice.optional(),
    tools: chatTools.optional(),
    top_logprobs: integer(0, topLogprobsMax).nullish(),
    top_p: topP.nullish(),
    user: endUserId.optional(),
    verbosity: verbosity.nullish(),
    web_search_options: webSearchOptions.optional(),
  })
  .meta({ id: "CreateChatCompletionRequest" });

export type CreateChatCompletionBody = z.output<typeof createChatCompletionBody>;
