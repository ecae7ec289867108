import {
  type ChatCompletion,
  type ChatCompletionMessage,
  chatServiceTier,
} from "@headrace/contract/chat/completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { z } from "zod";
import {
  completionId,
  endedResponse,
  finishReasonOf,
  logprob,
  toChatLogprob,
  toChatUsage,
} from "./response-reading.ts";

const outputText = z.object({ type: z.literal("output_text"), text: z.string(), logprobs: z.array(logprob).nullish() });
const refusal = z.object({ type: z.literal("refusal"), refusal: z.string() });
const item = z.union([
  z.object({ type: z.literal("message"), content: z.array(z.union([outputText, refusal])) }),
  z.object({ type: z.literal("function_call"), call_id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({ type: z.literal("custom_tool_call"), call_id: z.string(), name: z.string(), input: z.string() }),
  // A model's own thinking, which a chat completion has no place for.
  z.object({ type: z.literal("reasoning") }),
]);
const wholeResponse = endedResponse.extend({ output: z.array(item) });

type Item = z.output<typeof item>;

/**
 * An upstream's Response as a chat completion of `model`.
 * @throws ApiError `upstream_failed` where it is none, or one that failed.
 */
export function completionFromResponse(bytes: Uint8Array, model: string): ChatCompletion {
  const parsed = wholeResponse.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (!parsed.success) {
    const message = "The model's server did not answer with a response that can be told. Try again.";
    throw new ApiError("upstream_failed", message, { cause: parsed.error });
  }
  const response = parsed.data;
  const parts = response.output.flatMap((one) => (one.type === "message" ? one.content : []));
  const calls = response.output.flatMap(toToolCall);
  const finishReason = finishReasonOf(response, calls.length > 0);
  if (finishReason === undefined) {
    throw new ApiError("upstream_failed", "The model's server could not answer. Try again.", {
      cause: `a response with the status ${response.status}`,
    });
  }
  const texts = parts.filter((part) => part.type === "output_text");
  const refusals = parts.filter((part) => part.type === "refusal");
  const logprobs = texts.flatMap((part) => part.logprobs ?? []).map(toChatLogprob);
  const usage = toChatUsage(response);
  const tier = chatServiceTier.safeParse(response.service_tier);
  return {
    id: completionId(response.id),
    object: "chat.completion",
    created: Math.floor(response.created_at),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: texts.length === 0 ? null : texts.map((part) => part.text).join(""),
          refusal: refusals.length === 0 ? null : refusals.map((part) => part.refusal).join(""),
          annotations: [],
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
        finish_reason: finishReason,
      },
    ],
    ...(tier.success ? { service_tier: tier.data } : {}),
    ...(usage ? { usage } : {}),
  };
}

type ToolCall = NonNullable<ChatCompletionMessage["tool_calls"]>[number];

function toToolCall(one: Item): ToolCall[] {
  if (one.type === "function_call") {
    return [{ id: one.call_id, type: "function" as const, function: { name: one.name, arguments: one.arguments } }];
  }
  if (one.type !== "custom_tool_call") return [];
  return [{ id: one.call_id, type: "custom" as const, custom: { name: one.name, input: one.input } }];
}
