import { z } from "zod";
import { count, timestamp } from "../common/fields.ts";
import { chatModeration, chatServiceTier, choiceLogprobs, completionUsage, finishReason } from "./completion.ts";
import { toolCallDelta } from "./tool-calls.ts";

const delta = z.object({
  role: z.enum(["developer", "system", "user", "assistant", "tool"]).optional(),
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  audio: z
    .object({
      id: z.string().optional(),
      data: z.string().optional(),
      expires_at: timestamp.optional(),
      transcript: z.string().optional(),
    })
    .optional(),
  function_call: z.object({ arguments: z.string().optional(), name: z.string().optional() }).optional(),
  tool_calls: z.array(toolCallDelta).optional(),
});

/** One event of a streamed chat completion; with `include_usage` the last one has no choices and the usage. */
export const chatCompletionChunk = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion.chunk"),
    created: timestamp,
    model: z.string(),
    choices: z.array(
      z.object({
        index: count,
        delta,
        finish_reason: finishReason.nullable(),
        logprobs: choiceLogprobs.nullish(),
      }),
    ),
    moderation: chatModeration.nullish(),
    obfuscation: z.string().optional(),
    service_tier: chatServiceTier.nullish(),
    system_fingerprint: z.string().optional(),
    usage: completionUsage.nullish(),
  })
  .meta({ id: "ChatCompletionChunk" });

export type ChatCompletionChunk = z.output<typeof chatCompletionChunk>;
