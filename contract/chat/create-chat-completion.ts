import { z } from "zod";
import { count } from "../common/fields.ts";
import { type LimitClaim, operation, type TokenUsage } from "../common/operation.ts";
import { chatCompletionChunk } from "./chunk.ts";
import { chatCompletion } from "./completion.ts";
import { type CreateChatCompletionBody, createChatCompletionBody } from "./request.ts";

/** As much of the usage as metering needs, read leniently: upstreams leave details out, or send null for them. */
const answerWithUsage = z.object({
  usage: z.object({
    prompt_tokens: count,
    completion_tokens: count,
    prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
    completion_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
  }),
});

/** Tokens of a ChatCompletion, or of the chunk that carries the usage; undefined for any other value. */
export function chatUsageOf(answer: unknown): TokenUsage | undefined {
  const parsed = answerWithUsage.safeParse(answer);
  if (!parsed.success) return undefined;
  const { usage } = parsed.data;
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage.completion_tokens,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}

/** The most that all choices together may hold. */
export function chatLimitsOf(body: CreateChatCompletionBody): LimitClaim {
  const perChoice = body.max_completion_tokens ?? body.max_tokens ?? undefined;
  return { outputTokensMax: perChoice === undefined ? undefined : perChoice * (body.n ?? 1) };
}

export const createChatCompletion = operation({
  id: "createChatCompletion",
  method: "POST",
  path: "/v1/chat/completions",
  tag: "Chat",
  summary: "Answers a conversation.",
  scope: "api.model.request",
  body: createChatCompletionBody,
  response: chatCompletion,
  stream: { event: chatCompletionChunk, framing: "data-lines" },
  errors: [
    "model_not_found",
    "model_not_ready",
    "context_length_exceeded",
    "mutually_exclusive_parameters",
    "unsupported_parameter",
    "unsupported_modality",
    "unsupported_value",
    "hosted_tool_disabled",
    "engine_failed",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
  usageOf: chatUsageOf,
  limitsOf: chatLimitsOf,
});
