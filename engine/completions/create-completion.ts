import { randomUUID } from "node:crypto";
import type { ChatModel, Generation } from "../chat/chat-model.ts";
import { usageOf } from "../chat/create-chat-completion.ts";
import type { EngineUsage } from "../protocol.ts";
import { sseResponse } from "../sse.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { joinLogprobs, type LegacyLogprobs, LogprobList } from "./legacy-logprobs.ts";
import { echoOf, tokensOf } from "./raw-prompt.ts";

type Piece = {
  readonly index: number;
  readonly text: string;
  readonly logprobs: LegacyLogprobs | null;
  readonly finish_reason: "stop" | "length" | null;
};

type Started = { readonly echo: string; readonly generation: Generation };

type Options = {
  readonly scope: string | undefined;
  readonly signal: AbortSignal;
  /** Called once at the end, however it ends. */
  readonly done: (usage: EngineUsage) => void;
};

/**
 * Answers POST /v1/completions: the prompts one after another, the choices of one together. Throws ApiErrors before the
 * first byte.
 */
export async function createCompletion(
  model: ChatModel,
  request: CompletionRequest,
  { scope, signal, done }: Options,
): Promise<Response> {
  const { vocabulary } = model;
  const { prompts } = request;
  const started = prompts.map((prompt, index) => {
    const tokens = tokensOf(vocabulary, prompt, prompts.length > 1 ? `prompt[${index}]` : "prompt");
    const echo = request.echo ? echoOf(vocabulary, prompt) : "";
    return { echo, generation: model.startRaw(tokens, request, scope, signal) };
  });
  const head = {
    id: `cmpl-${randomUUID().replaceAll("-", "")}`,
    object: "text_completion",
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  };
  const finish = (): void => done(sumOf(started));
  if (request.stream) return sseResponse(chunks(started, request, head), signal, finish);
  try {
    const pieces = await Array.fromAsync(piecesOf(started, request));
    const choices = Array.from({ length: prompts.length * request.choices }, (_, index) =>
      join(pieces.filter((piece) => piece.index === index)),
    );
    return Response.json({ ...head, choices, usage: usageOf(sumOf(started)) });
  } finally {
    finish();
  }
}

async function* piecesOf(started: readonly Started[], { choices }: CompletionRequest): AsyncGenerator<Piece> {
  for (const [at, { echo, generation }] of started.entries()) {
    const lists = Array.from({ length: choices }, () => new LogprobList());
    const place = (choice: number): number => at * choices + choice;
    if (echo !== "") {
      for (const choice of lists.keys())
        yield { index: place(choice), text: echo, logprobs: null, finish_reason: null };
    }
    for await (const { choice, parts, logprobs, finishReason } of generation.events) {
      yield {
        index: place(choice),
        text: parts.map((part) => ("text" in part ? part.text : "")).join(""),
        logprobs: logprobs.length === 0 ? null : (lists[choice]?.write(logprobs) ?? null),
        // No tool can be called here.
        finish_reason: finishReason === undefined ? null : finishReason === "length" ? "length" : "stop",
      };
    }
  }
}

async function* chunks(started: readonly Started[], request: CompletionRequest, head: object): AsyncGenerator<string> {
  const usage = request.includeUsage ? { usage: null } : {};
  for await (const piece of piecesOf(started, request)) {
    yield `data: ${JSON.stringify({ ...head, choices: [piece], ...usage })}\n\n`;
  }
  if (request.includeUsage) {
    yield `data: ${JSON.stringify({ ...head, choices: [], usage: usageOf(sumOf(started)) })}\n\n`;
  }
  yield "data: [DONE]\n\n";
}

function join(pieces: readonly Piece[]): Piece {
  const logprobs = pieces.flatMap((piece) => piece.logprobs ?? []);
  return {
    index: pieces[0]?.index ?? 0,
    text: pieces.map(({ text }) => text).join(""),
    logprobs: logprobs.length === 0 ? null : joinLogprobs(logprobs),
    finish_reason: pieces.at(-1)?.finish_reason ?? "stop",
  };
}

function sumOf(started: readonly Started[]): EngineUsage {
  const total = (field: keyof EngineUsage): number =>
    started.reduce((sum, { generation }) => sum + generation.usage[field], 0);
  return {
    promptTokens: total("promptTokens"),
    cachedTokens: total("cachedTokens"),
    generatedTokens: total("generatedTokens"),
    reasoningTokens: total("reasoningTokens"),
  };
}
