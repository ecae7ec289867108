import type { ChatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";

type Choice = ChatCompletion["choices"][number];
type ChunkChoice = ChatCompletionChunk["choices"][number];
type ToolCall = NonNullable<Choice["message"]["tool_calls"]>[number];
type ToolCallDelta = NonNullable<ChunkChoice["delta"]["tool_calls"]>[number];

type GrowingCall = { id: string; type: "function" | "custom"; name: string; text: string };
type GrowingChoice = {
  content: string | null;
  refusal: string | null;
  calls: Map<number, GrowingCall>;
  functionCall: { name: string; arguments: string } | undefined;
  logprobs: { content: unknown[]; refusal: unknown[] } | undefined;
  finishReason: ChunkChoice["finish_reason"];
};

/** Puts a completion together from the chunks of its stream, as the answer without `stream` would have been. */
export class CompletionBuilder {
  readonly #choices = new Map<number, GrowingChoice>();
  #last: ChatCompletionChunk | undefined;
  #usage: ChatCompletion["usage"];

  add(chunk: ChatCompletionChunk): void {
    this.#last = chunk;
    this.#usage = chunk.usage ?? this.#usage;
    for (const choice of chunk.choices) this.#addChoice(choice);
  }

  /** The completion; undefined where no chunk came. */
  build(id: string): ChatCompletion | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    return {
      id,
      object: "chat.completion",
      created: last.created,
      model: last.model,
      choices: [...this.#choices].sort(([a], [b]) => a - b).map(([index, choice]) => toChoice(index, choice)),
      ...(last.service_tier === undefined ? {} : { service_tier: last.service_tier }),
      ...(last.system_fingerprint === undefined ? {} : { system_fingerprint: last.system_fingerprint }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    };
  }

  #addChoice({ index, delta, finish_reason, logprobs }: ChunkChoice): void {
    const choice = this.#choices.get(index) ?? newChoice();
    this.#choices.set(index, choice);
    if (typeof delta.content === "string") choice.content = (choice.content ?? "") + delta.content;
    if (typeof delta.refusal === "string") choice.refusal = (choice.refusal ?? "") + delta.refusal;
    for (const call of delta.tool_calls ?? []) addCall(choice.calls, call);
    if (delta.function_call) {
      choice.functionCall ??= { name: "", arguments: "" };
      choice.functionCall.name += delta.function_call.name ?? "";
      choice.functionCall.arguments += delta.function_call.arguments ?? "";
    }
    if (logprobs) {
      choice.logprobs ??= { content: [], refusal: [] };
      choice.logprobs.content.push(...(logprobs.content ?? []));
      choice.logprobs.refusal.push(...(logprobs.refusal ?? []));
    }
    choice.finishReason = finish_reason ?? choice.finishReason;
  }
}

function newChoice(): GrowingChoice {
  return {
    content: null,
    refusal: null,
    calls: new Map(),
    functionCall: undefined,
    logprobs: undefined,
    finishReason: null,
  };
}

/** Pieces of a call belong together by their index; its id and name come with the first. */
function addCall(calls: Map<number, GrowingCall>, delta: ToolCallDelta): void {
  const type = delta.type ?? (delta.custom === undefined ? "function" : "custom");
  const call = calls.get(delta.index) ?? { id: "", type, name: "", text: "" };
  calls.set(delta.index, call);
  call.id ||= delta.id ?? "";
  call.name ||= delta.function?.name ?? delta.custom?.name ?? "";
  call.text += delta.function?.arguments ?? delta.custom?.input ?? "";
}

function toChoice(index: number, choice: GrowingChoice): Choice {
  const { content, refusal, calls, functionCall, logprobs } = choice;
  const toolCalls = [...calls].sort(([a], [b]) => a - b).map(([, call]) => toToolCall(call));
  return {
    index,
    message: {
      role: "assistant",
      content,
      refusal,
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      ...(functionCall === undefined ? {} : { function_call: functionCall }),
    },
    logprobs: logprobs === undefined ? null : (orNull(logprobs) as Choice["logprobs"]),
    finish_reason: choice.finishReason ?? "stop",
  };
}

function toToolCall({ id, type, name, text }: GrowingCall): ToolCall {
  if (type === "custom") return { id, type, custom: { name, input: text } };
  return { id, type, function: { name, arguments: text } };
}

function orNull({ content, refusal }: { content: unknown[]; refusal: unknown[] }) {
  return { content: content.length === 0 ? null : content, refusal: refusal.length === 0 ? null : refusal };
}
