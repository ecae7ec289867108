import { type ChatCompletionChunk, chatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import { chatUsageOf } from "@headrace/contract/chat/create-chat-completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { withIdleLimit } from "../gateway/idle-limit.ts";
import { readEventData } from "../gateway/sse-events.ts";
import type { FinishReason, LanguageModel, ModelMessage, ModelPart, ModelRequest } from "../ports/language-model.ts";
import type { Deployment } from "../ports/upstream.ts";

export type ChatModelOptions = {
  readonly deployment: Deployment;
  readonly requestId: string;
  readonly eventBytesMax: number;
};

/** Any upstream that speaks Chat Completions, seen as a language model. */
export function createChatCompletionsModel(options: ChatModelOptions): LanguageModel {
  return {
    async stream(request, { signal }) {
      const { deployment } = options;
      const response = await deployment.upstream.send({
        path: "/chat/completions",
        body: new TextEncoder().encode(JSON.stringify(toChatRequest(request, deployment.upstreamModel))),
        requestId: options.requestId,
        signal,
      });
      if (response.body === null) throw brokenOff(undefined);
      return readParts(response.body, options, signal);
    },
  };
}

function toChatRequest(request: ModelRequest, model: string): unknown {
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
  options: ChatModelOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelPart, void, undefined> {
  let reason: FinishReason | undefined;
  let usage: TokenUsage | undefined;
  try {
    for await (const data of readEventData(
      withIdleLimit(body, options.deployment.upstream.idleMs, signal),
      options.eventBytesMax,
    )) {
      if (data === "[DONE]") break;
      const chunk = parseChunk(data);
      usage = chatUsageOf(chunk) ?? usage;
      const choice = chunk.choices[0];
      if (choice === undefined) continue;
      // A chunk stands for a token even where the token has no text of its own yet.
      yield { type: "text-delta", text: choice.delta.content ?? "", tokens: choice.finish_reason === null ? 1 : 0 };
      if (choice.delta.refusal) yield { type: "refusal-delta", text: choice.delta.refusal, tokens: 1 };
      if (choice.finish_reason !== null) reason = toFinishReason(choice.finish_reason);
    }
  } catch (error) {
    throw error instanceof ApiError || signal.aborted ? error : brokenOff(error);
  }
  if (reason === undefined || usage === undefined) throw brokenOff("the stream ended without finish_reason and usage");
  yield { type: "finish", reason, usage };
}

function parseChunk(data: string): ChatCompletionChunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw brokenOff(error);
  }
  const chunk = chatCompletionChunk.safeParse(value);
  if (chunk.success) return chunk.data;
  throw brokenOff(`not a chat completion chunk: ${data.slice(0, 200)}`);
}

function toFinishReason(reason: NonNullable<ChatCompletionChunk["choices"][number]["finish_reason"]>): FinishReason {
  return reason === "function_call" ? "tool_calls" : reason;
}

function brokenOff(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model broke off in the middle of its answer. Try again.", { cause });
}
