import { randomUUID } from "node:crypto";
import type { EngineUsage } from "../protocol.ts";
import { sseResponse } from "../sse.ts";
import type { ChatModel, Generation } from "./chat-model.ts";
import type { ChatRequest } from "./chat-request.ts";

/**
 * Answers POST /v1/chat/completions. A stream has exactly one chunk with `finish_reason: null` for each generated
 * token, so that whoever relays it can count tokens by counting those. Throws ApiErrors before the first byte.
 */
export async function createChatCompletion(
  model: ChatModel,
  request: ChatRequest,
  signal: AbortSignal,
  done: (usage: EngineUsage) => void,
): Promise<Response> {
  const generation = model.start(request, signal);
  const head = {
    id: `chatcmpl-${randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  };
  if (request.stream) return sseResponse(chunks(generation, request, head), signal, () => done(generation.evaluated));
  try {
    const parts: string[] = [];
    let step = await generation.tokens.next();
    for (; !step.done; step = await generation.tokens.next()) parts.push(step.value);
    const content = parts.join("") + step.value.rest;
    const message = { role: "assistant", content, refusal: null, annotations: [] };
    return Response.json({
      ...head,
      object: "chat.completion",
      choices: [{ index: 0, message, logprobs: null, finish_reason: step.value.finishReason }],
      usage: usageOf(generation.promptTokens, step.value.generatedTokens),
    });
  } finally {
    done(generation.evaluated);
  }
}

async function* chunks(
  { promptTokens, tokens }: Generation,
  request: ChatRequest,
  head: { readonly id: string; readonly created: number; readonly model: string },
): AsyncGenerator<string> {
  const base = { ...head, object: "chat.completion.chunk" };
  const usageField = request.includeUsage ? { usage: null } : {};
  const chunk = (delta: object, finishReason: string | null): string =>
    `data: ${JSON.stringify({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...usageField,
    })}\n\n`;
  try {
    let isFirst = true;
    const roled = (content: object): object => {
      const delta = isFirst ? { role: "assistant", ...content } : content;
      isFirst = false;
      return delta;
    };
    let step = await tokens.next();
    for (; !step.done; step = await tokens.next()) yield chunk(roled({ content: step.value }), null);
    const { rest, finishReason, generatedTokens } = step.value;
    yield chunk(roled(rest === "" && !isFirst ? {} : { content: rest }), finishReason);
    if (request.includeUsage)
      yield `data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(promptTokens, generatedTokens) })}\n\n`;
    yield "data: [DONE]\n\n";
  } finally {
    await tokens.return(undefined as never);
  }
}

const usageOf = (promptTokens: number, completionTokens: number) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});
