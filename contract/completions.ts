import { z } from "zod";
import { completionUsage } from "./chat/completion.ts";
import { chatUsageOf } from "./chat/create-chat-completion.ts";
import { list, pairs } from "./common/collections.ts";
import { count, endUserId, integer, modelName, temperature, text, timestamp, topP } from "./common/fields.ts";
import {
  choicesMax,
  completionPromptsMax,
  logitBiasTokensMax,
  outputTokensMax,
  promptTokensMax,
  stopSequenceCharactersMax,
  stopSequencesMax,
} from "./common/limits.ts";
import { type LimitClaim, operation } from "./common/operation.ts";

const penalty = z.number().min(-2).max(2);
const stopSequence = z.string().min(1).max(stopSequenceCharactersMax);
const tokens = list(count, { min: 1, max: promptTokensMax });

/** Answers that are compared, and likely tokens that are told, at most: OpenAI's bounds. */
const bestOfMax = 20;
const logprobsMax = 5;

export const createCompletionBody = z
  .strictObject({
    model: modelName,
    /** One prompt or several, each as text or as tokens of the model's own vocabulary; null begins a new document. */
    prompt: z
      .union([
        text,
        list(text, { min: 1, max: completionPromptsMax }),
        tokens,
        list(tokens, { min: 1, max: completionPromptsMax }),
      ])
      .nullable(),
    best_of: integer(0, bestOfMax).nullish(),
    echo: z.boolean().nullish(),
    frequency_penalty: penalty.nullish(),
    logit_bias: pairs(z.string().max(16), z.number().min(-100).max(100), logitBiasTokensMax).nullish(),
    logprobs: integer(0, logprobsMax).nullish(),
    max_tokens: integer(0, outputTokensMax).nullish(),
    n: integer(1, choicesMax).nullish(),
    presence_penalty: penalty.nullish(),
    seed: z.int().nullish(),
    stop: z.union([stopSequence, list(stopSequence, { max: stopSequencesMax })]).nullish(),
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({ include_obfuscation: z.boolean().optional(), include_usage: z.boolean().optional() })
      .nullish(),
    suffix: text.nullish(),
    temperature: temperature.nullish(),
    top_p: topP.nullish(),
    user: endUserId.optional(),
  })
  .meta({ id: "CreateCompletionRequest" });

const logprobs = z.object({
  text_offset: z.array(count).optional(),
  token_logprobs: z.array(z.number()).optional(),
  tokens: z.array(z.string()).optional(),
  top_logprobs: z.array(z.record(z.string(), z.number())).optional(),
});

const choice = z.object({
  text: z.string(),
  index: count,
  logprobs: logprobs.nullable(),
  finish_reason: z.enum(["stop", "length", "content_filter"]),
});

export const completion = z
  .object({
    id: z.string(),
    object: z.literal("text_completion"),
    created: timestamp,
    model: z.string(),
    choices: z.array(choice),
    system_fingerprint: z.string().optional(),
    usage: completionUsage.optional(),
  })
  .meta({ id: "Completion" });

/** One event of a streamed completion: the same object, its choices unfinished but for the last. */
export const completionChunk = completion
  .extend({
    choices: z.array(choice.extend({ finish_reason: choice.shape.finish_reason.nullable() })),
    usage: completionUsage.nullish(),
  })
  .meta({ id: "CompletionChunk" });

export type CreateCompletionBody = z.output<typeof createCompletionBody>;
export type Completion = z.output<typeof completion>;

/** The most that all answers together may hold, those included that are only compared. */
export function completionLimitsOf({ max_tokens, prompt, n, best_of }: CreateCompletionBody): LimitClaim {
  if (typeof max_tokens !== "number") return { outputTokensMax: undefined };
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1;
  return { outputTokensMax: max_tokens * prompts * Math.max(n ?? 1, best_of ?? 1) };
}

export const createCompletion = operation({
  id: "createCompletion",
  method: "POST",
  path: "/v1/completions",
  tag: "Completions",
  summary: "Goes on from a text, without a chat's template. Legacy; for models whose provider speaks it.",
  scope: "api.model.request",
  body: createCompletionBody,
  response: completion,
  stream: { event: completionChunk, framing: "data-lines", contentMember: "text" },
  errors: [
    "model_not_found",
    "context_length_exceeded",
    "unsupported_value",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
  usageOf: chatUsageOf,
  limitsOf: completionLimitsOf,
});
