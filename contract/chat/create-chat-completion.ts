import { type LimitClaim, operation, type TokenUsage } from "../common/operation.ts";
import { memberOf, readTokenUsage, type UsageNames } from "../common/token-usage.ts";
import { chatCompletionChunk } from "./chunk.ts";
import { chatCompletion } from "./completion.ts";
import { type CreateChatCompletionBody, createChatCompletionBody } from "./request.ts";

const usageNames: UsageNames = {
  input: "prompt_tokens",
  output: "completion_tokens",
  inputDetails: "prompt_tokens_details",
  outputDetails: "completion_tokens_details",
};

/** Tokens of a ChatCompletion, or of the chunk that carries the usage; undefined for any other value. */
export function chatUsageOf(answer: unknown): TokenUsage | undefined {
  return readTokenUsage(memberOf(answer, "usage"), usageNames);
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
