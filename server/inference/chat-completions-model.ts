import { chatUsageOf } from "@headrace/contract/chat/create-chat-completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { withIdleLimit } from "../gateway/limited-reader.ts";
import { isEventStream, readEventData } from "../gateway/sse-events.ts";
import { estimatedTokens } from "../metering/estimated-tokens.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import type { LanguageModel, ModelPart } from "../ports/language-model.ts";
import type { ModelRequest } from "../ports/model-request.ts";
import type { AnswerBody, Deployment, UpstreamAnswer } from "../ports/upstream.ts";
import { brokenOff } from "./broken-off.ts";
import { inCallersWords } from "./callers-words.ts";
import { type ChatChunk, chatChunk } from "./chat-chunk.ts";
import { thinkingKey, toChatRequest, withoutThinking } from "./chat-request.ts";
import { ChatTurnReader } from "./chat-turn-reader.ts";

export type ChatModelOptions = {
  readonly deployment: Deployment;
  readonly requestId: string;
  /** Whose prompts the upstream may go on from; without one, nobody's. */
  readonly cacheScope?: string;
  readonly eventBytesMax: number;
};

/** Any upstream that speaks Chat Completions, seen as a language model. */
export function createChatCompletionsModel(options: ChatModelOptions): LanguageModel {
  return {
    async stream(request, { signal }) {
      const { answer, sentBytes } = await send(request, options, signal);
      requireEventStream(answer);
      const callsMax = request.settings.parallelCalls === false ? 1 : Number.POSITIVE_INFINITY;
      return readParts(answer.body, new ChatTurnReader(callsMax), sentBytes, options, signal);
    },
  };
}

type Sent = { readonly answer: UpstreamAnswer; readonly sentBytes: number };

/** Some servers tell their models' thinking and don't take it back: what such a one refuses is sent without it. */
async function send(request: ModelRequest, options: ChatModelOptions, signal: CancelSignal): Promise<Sent> {
  const { deployment, requestId, cacheScope } = options;
  const body = new TextEncoder().encode(JSON.stringify(toChatRequest(request, deployment.upstreamModel)));
  try {
    const answer = await deployment.upstream.send({
      path: "/chat/completions",
      body,
      requestId,
      signal,
      ...(cacheScope === undefined ? {} : { cacheScope }),
    });
    return { answer, sentBytes: body.byteLength };
  } catch (error) {
    const isAboutThinking = error instanceof ApiError && error.status === 400 && error.message.includes(thinkingKey);
    const unthinking = isAboutThinking ? withoutThinking(request) : undefined;
    if (unthinking !== undefined) return send(unthinking, options, signal);
    throw inCallersWords(error, request);
  }
}

/** A page of a proxy is refused before a byte of the answer is sent. */
function requireEventStream({ contentType, body }: UpstreamAnswer): void {
  if (isEventStream(contentType)) return;
  body.cancel();
  const message = "The model's server did not answer with a stream. Try again later, or tell the operator.";
  throw new ApiError("upstream_failed", message, { cause: `content-type ${contentType}` });
}

async function* readParts(
  body: AnswerBody,
  reader: ChatTurnReader,
  inputBytes: number,
  options: ChatModelOptions,
  signal: CancelSignal,
): AsyncGenerator<ModelPart, void, undefined> {
  let usage: TokenUsage | undefined;
  try {
    const pieces = withIdleLimit(body, options.deployment.upstream.idleMs);
    for await (const data of readEventData(pieces, options.eventBytesMax)) {
      if (data === "[DONE]") break;
      const chunk = parseChunk(data);
      usage = chatUsageOf(chunk) ?? usage;
      for (const part of reader.push(chunk)) yield part;
    }
  } catch (error) {
    throw error instanceof ApiError || signal.aborted ? error : brokenOff(error);
  }
  const { reason, serviceTier } = reader;
  if (reason === undefined) throw brokenOff("the stream ended without finish_reason");
  yield* reader.finish();
  const end = { type: "finish", reason, ...(serviceTier === undefined ? {} : { serviceTier }) } as const;
  if (usage !== undefined) yield { ...end, usage };
  else yield { ...end, usage: countedUsage(inputBytes, reader.tokens), estimated: true };
}

function countedUsage(inputBytes: number, outputTokens: number): TokenUsage {
  return { inputTokens: estimatedTokens(inputBytes), cachedInputTokens: 0, outputTokens, reasoningTokens: 0 };
}

function parseChunk(data: string): ChatChunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw brokenOff(error);
  }
  const chunk = chatChunk.safeParse(value);
  if (chunk.success) return chunk.data;
  throw brokenOff(`not a chat completion chunk: ${data.slice(0, 200)}`);
}
