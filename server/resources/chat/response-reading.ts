import type { CompletionUsage } from "@headrace/contract/chat/completion.ts";
import { responseUsageOf } from "@headrace/contract/responses/create-response.ts";
import { z } from "zod";

const bytes = z.array(z.number()).nullish();
const chance = z.object({ token: z.string(), logprob: z.number(), bytes });
/** As upstreams write the probability of a token. */
export const logprob = chance.extend({ top_logprobs: z.array(chance).nullish() });

type Logprob = z.output<typeof logprob>;

/** The same as Chat Completions writes it. */
export function toChatLogprob({ top_logprobs, ...chosen }: Logprob) {
  return { ...toChatChance(chosen), top_logprobs: (top_logprobs ?? []).map(toChatChance) };
}

function toChatChance({ token, logprob, bytes }: z.output<typeof chance>) {
  return { token, logprob, bytes: bytes ?? [...Buffer.from(token)] };
}

/** As much of a response as a chat completion says, read leniently. */
export const endedResponse = z.looseObject({
  id: z.string(),
  created_at: z.number(),
  status: z.string(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  service_tier: z.string().nullish(),
});

export type EndedResponse = z.output<typeof endedResponse>;

/** Chat completions are named after the responses that they are made from. */
export function completionId(responseId: string): string {
  return `chatcmpl-${responseId.replace(/^resp_/, "")}`;
}

export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls";

/** Why an answer ended. A response that failed has no reason: undefined. */
export function finishReasonOf(response: EndedResponse, hasCalls: boolean): FinishReason | undefined {
  if (response.status === "completed") return hasCalls ? "tool_calls" : "stop";
  if (response.status !== "incomplete") return undefined;
  return response.incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
}

/** Undefined where the upstream told no usage. */
export function toChatUsage(response: unknown): CompletionUsage | undefined {
  const usage = responseUsageOf({ response });
  if (usage === undefined) return undefined;
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}
