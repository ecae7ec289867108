import { z } from "zod";
import { count, metadata, moderationError, moderationResult, timestamp } from "../common/fields.ts";
import { functionCall, toolCall } from "./tool-calls.ts";

const tokenBytes = z.array(z.int().min(0).max(255)).nullable();

export const tokenLogprob = z
  .object({
    token: z.string(),
    bytes: tokenBytes,
    logprob: z.number(),
    top_logprobs: z.array(z.object({ token: z.string(), bytes: tokenBytes, logprob: z.number() })),
  })
  .meta({ id: "ChatTokenLogprob" });

export const choiceLogprobs = z.object({
  content: z.array(tokenLogprob).nullable(),
  refusal: z.array(tokenLogprob).nullable(),
});

export const finishReason = z.enum(["stop", "length", "tool_calls", "content_filter", "function_call"]);
export const chatServiceTier = z.enum(["auto", "default", "flex", "scale", "priority", "fast"]);

const moderationSide = z.discriminatedUnion("type", [
  z.object({ type: z.literal("moderation_results"), model: z.string(), results: z.array(moderationResult) }),
  moderationError,
]);
export const chatModeration = z.object({ input: moderationSide, output: moderationSide });

export const completionUsage = z
  .object({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: z
      .object({
        audio_tokens: count.optional(),
        cache_write_tokens: count.optional(),
        cached_tokens: count.optional(),
        image_tokens: count.optional(),
        text_tokens: count.optional(),
      })
      .optional(),
    completion_tokens_details: z
      .object({
        accepted_prediction_tokens: count.optional(),
        audio_tokens: count.optional(),
        reasoning_tokens: count.optional(),
        rejected_prediction_tokens: count.optional(),
        text_tokens: count.optional(),
      })
      .optional(),
  })
  .meta({ id: "CompletionUsage" });

export const chatCompletionMessage = z
  .object({
    role: z.literal("assistant"),
    content: z.string().nullable(),
    refusal: z.string().nullable(),
    annotations: z
      .array(
        z.object({
          type: z.literal("url_citation"),
          url_citation: z.object({ end_index: count, start_index: count, title: z.string(), url: z.string() }),
        }),
      )
      .optional(),
    audio: z.object({ id: z.string(), data: z.string(), expires_at: timestamp, transcript: z.string() }).nullish(),
    function_call: functionCall.nullish(),
    tool_calls: z.array(toolCall).optional(),
  })
  .meta({ id: "ChatCompletionMessage" });

export const chatCompletion = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: timestamp,
    model: z.string(),
    choices: z.array(
      z.object({
        index: count,
        message: chatCompletionMessage,
        logprobs: choiceLogprobs.nullable(),
        finish_reason: finishReason,
      }),
    ),
    metadata: metadata.nullish(),
    moderation: chatModeration.nullish(),
    service_tier: chatServiceTier.nullish(),
    system_fingerprint: z.string().optional(),
    usage: completionUsage.optional(),
  })
  .meta({ id: "ChatCompletion" });

export type CompletionUsage = z.output<typeof completionUsage>;
export type ChatCompletion = z.output<typeof chatCompletion>;
export type ChatCompletionMessage = z.output<typeof chatCompletionMessage>;
