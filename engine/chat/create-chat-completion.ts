import { randomUUID } from "node:crypto";
import type { EngineUsage } from "../protocol.ts";
import { sseResponse } from "../sse.ts";
import type { ChoiceEvent, Generation } from "./chat-model.ts";
import type { ChatRequest } from "./chat-request.ts";
import { ChoiceMessage } from "./choice-message.ts";
import { deltaOf } from "./delta.ts";

type Head = { readonly id: string; readonly created: number; readonly model: string };

/**
 * Answers POST /v1/chat/completions. A stream has exactly one chunk with `finish_reason: null` for each generated
 * token, so that whoever relays it can count tokens by counting those. Throws ApiErrors before the first byte.
 */
export async function createChatCompletion(
  generation: Generation,
  request: ChatRequest,
  signal: AbortSignal,
  done: (usage: EngineUsage) => void,
): Promise<Response> {
  const head = {
    id: `chatcmpl-${randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  };
  if (request.stream) return sseResponse(chunks(generation, request, head), signal, () => done(generation.usage));
  try {
    const choices = Array.from({ length: request.choices }, () => new ChoiceMessage());
    for await (const event of generation.events) choices[event.choice]?.add(event);
    return Response.json({
      ...head,
      object: "chat.completion",
      choices: choices.map((choice, index) => ({ index, ...choice.toWire(request.topLogprobs !== undefined) })),
      usage: usageOf(generation.usage),
    });
  } finally {
    done(generation.usage);
  }
}

async function* chunks({ events, usage }: Generation, request: ChatRequest, head: Head): AsyncGenerator<string> {
  const base = { ...head, object: "chat.completion.chunk" };
  const begun = new Set<number>();
  const chunk = (event: ChoiceEvent): string => {
    const { choice, parts, finishReason = null } = event;
    const role = begun.has(choice) ? {} : { role: "assistant" };
    begun.add(choice);
    const delta = { ...role, ...deltaOf(parts, finishReason === null && request.toolUse === undefined) };
    const logprobs = event.logprobs.length === 0 ? null : { content: event.logprobs, refusal: null };
    const choices = [{ index: choice, delta, logprobs, finish_reason: finishReason }];
    return `data: ${JSON.stringify({ ...base, choices, ...(request.includeUsage ? { usage: null } : {}) })}\n\n`;
  };
  for await (const event of events) yield chunk(event);
  if (request.includeUsage) yield `data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(usage) })}\n\n`;
  yield "data: [DONE]\n\n";
}

/** As both completion wires tell it. */
export const usageOf = ({ promptTokens, cachedTokens, generatedTokens, reasoningTokens }: EngineUsage) => ({
  prompt_tokens: promptTokens,
  completion_tokens: generatedTokens,
  total_tokens: promptTokens + generatedTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoningTokens,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});
