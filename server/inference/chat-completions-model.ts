import { chatUsageOf } from "@headrace/contract/chat/create-chat-completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { z } from "zod";
import { withIdleLimit } from "../gateway/idle-limit.ts";
import { readEventData } from "../gateway/sse-events.ts";
import type { FinishReason, LanguageModel, ModelMessage, ModelPart, ModelRequest } from "../ports/language-model.ts";
import type { Deployment } from "../ports/upstream.ts";

export type ChatModelOptions = {
  readonly deployment: Deployment;
  readonly requestId: string;
  readonly eventBytesMax: number;
};

/** As much of a chunk as is read, leniently: upstreams leave fields out, send null for them, and add their own. */
const chunkSchema = z.looseObject({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
      finish_reason: z.enum(["stop", "length", "tool_calls", "content_filter", "function_call"]).nullish(),
    }),
  ),
});

type Chunk = z.output<typeof chunkSchema>;

/** Any upstream that speaks Chat Completions, seen as a language model. */
export function createChatCompletionsModel(options: ChatModelOptions): LanguageModel {
  return {
    async stream(request, { signal }) {
      const { deployment } = options;
      const body = new TextEncoder().encode(JSON.stringify(toChatRequest(request, deployment.upstreamModel)));
      const response = await deployment.upstream.send({
        path: "/chat/completions",
        body,
        requestId: options.requestId,
        signal,
      });
      if (response.body === null) throw brokenOff(undefined);
      return readParts(response.body, body.byteLength, options, signal);
    },
  };
}

/** A request in the words of Chat Completions. */
export function toChatRequest(request: ModelRequest, model: string): unknown {
  const { settings } = request;
  const messages = request.messages.map(toChatMessage);
  if (request.instructions !== undefined) messages.unshift({ role: "system", content: request.instructions });
  return {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    temperature: settings.temperature,
    top_p: settings.topP,
    max_completion_tokens: settings.maxOutputTokens,
    seed: settings.seed,
    stop: settings.stop,
  };
}

function toChatMessage(message: ModelMessage): { role: string; content: string } {
  return { role: message.role, content: message.content.map((part) => part.text).join("") };
}

async function* readParts(
  body: ReadableStream<Uint8Array>,
  inputBytes: number,
  options: ChatModelOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelPart, void, undefined> {
  let reason: FinishReason | undefined;
  let usage: TokenUsage | undefined;
  let outputTokens = 0;
  try {
    for await (const data of readEventData(
      withIdleLimit(body, () => options.deployment.upstream.idleMs, signal),
      options.eventBytesMax,
    )) {
      if (data === "[DONE]") break;
      const chunk = parseChunk(data);
      usage = chatUsageOf(chunk) ?? usage;
      const choice = chunk.choices[0];
      if (choice === undefined) continue;
      const { delta, finish_reason: finishReason } = choice;
      // A chunk stands for a token, even where the token has no text of its own yet; the last one carries none.
      const tokens = finishReason ? 0 : 1;
      outputTokens += tokens;
      if (delta?.refusal) yield { type: "refusal-delta", text: delta.refusal, tokens };
      else yield { type: "text-delta", text: delta?.content ?? "", tokens };
      if (finishReason) reason = toFinishReason(finishReason);
    }
  } catch (error) {
    throw error instanceof ApiError || signal.aborted ? error : brokenOff(error);
  }
  if (reason === undefined) throw brokenOff("the stream ended without finish_reason");
  if (usage !== undefined) yield { type: "finish", reason, usage };
  else yield { type: "finish", reason, usage: countedUsage(inputBytes, outputTokens), estimated: true };
}

/** Bytes of text that a token stands for, about: what is left to say of an upstream that counts nothing itself. */
const bytesPerToken = 4;

function countedUsage(inputBytes: number, outputTokens: number): TokenUsage {
  const inputTokens = Math.ceil(inputBytes / bytesPerToken);
  return { inputTokens, cachedInputTokens: 0, outputTokens, reasoningTokens: 0 };
}

function parseChunk(data: string): Chunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw brokenOff(error);
  }
  const chunk = chunkSchema.safeParse(value);
  if (chunk.success) return chunk.data;
  throw brokenOff(`not a chat completion chunk: ${data.slice(0, 200)}`);
}

function toFinishReason(reason: FinishReason | "function_call"): FinishReason {
  return reason === "function_call" ? "tool_calls" : reason;
}

function brokenOff(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model broke off in the middle of its answer. Try again.", { cause });
}
