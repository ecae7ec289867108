import type { ChatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import { chatServiceTier } from "@headrace/contract/chat/completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { z } from "zod";
import {
  completionId,
  type EndedResponse,
  endedResponse,
  finishReasonOf,
  logprob,
  toChatLogprob,
  toChatUsage,
} from "./response-reading.ts";

type Delta = ChatCompletionChunk["choices"][number]["delta"];

const anyEvent = z.looseObject({ type: z.string() });
const whole = z.object({ response: endedResponse });
const added = z.object({ output_index: z.number(), item: z.looseObject({ type: z.string() }) });
const callItem = z.object({
  type: z.enum(["function_call", "custom_tool_call"]),
  call_id: z.string(),
  name: z.string(),
});
const deltaEvent = z.object({ output_index: z.number(), delta: z.string(), obfuscation: z.string().optional() });
const textDelta = deltaEvent.extend({ logprobs: z.array(logprob).nullish() });

export type ChunkOptions = { readonly model: string; readonly includesUsage: boolean };

/** Turns the events of one Responses stream into the chunks of a chat completion. */
export class ChunksFromEvents {
  readonly #options: ChunkOptions;
  /** Where the calls stand: output index -> their own number. */
  readonly #calls = new Map<number, number>();
  /** As its first event tells it: some upstreams give another id in the last. */
  #response: EndedResponse | undefined;
  #hasEnded = false;

  constructor(options: ChunkOptions) {
    this.#options = options;
  }

  /** Whether the last chunk was given. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * The chunks that an event is told as; the last event's end with the usage, where that was asked for.
   * @throws ApiError `upstream_failed` for an event that tells a failure; any other error for one that is no event.
   */
  push(event: unknown): ChatCompletionChunk[] {
    const { type } = anyEvent.parse(event);
    switch (type) {
      case "response.created":
        this.#response = whole.parse(event).response;
        return [this.#chunk({ role: "assistant", content: "", refusal: null })];
      case "response.output_text.delta": {
        const { delta, obfuscation, logprobs } = textDelta.parse(event);
        return [this.#chunk({ content: delta }, obfuscation, logprobs)];
      }
      case "response.refusal.delta": {
        const { delta, obfuscation } = deltaEvent.parse(event);
        return [this.#chunk({ refusal: delta }, obfuscation)];
      }
      case "response.output_item.added":
        return this.#beginCall(added.parse(event));
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return this.#goOnWithCall(type, deltaEvent.parse(event));
      case "response.completed":
      case "response.incomplete":
        return this.#end(whole.parse(event).response);
      case "error":
      case "response.failed":
        throw failed(event);
      default:
        // What a chat completion has no place for.
        return [];
    }
  }

  #beginCall({ output_index, item }: z.output<typeof added>): ChatCompletionChunk[] {
    const call = callItem.safeParse(item);
    if (!call.success) return [];
    const { type, call_id: id, name } = call.data;
    const index = this.#calls.size;
    this.#calls.set(output_index, index);
    return type === "function_call"
      ? [this.#chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] })]
      : [this.#chunk({ tool_calls: [{ index, id, type: "custom", custom: { name, input: "" } }] })];
  }

  #goOnWithCall(type: string, event: z.output<typeof deltaEvent>): ChatCompletionChunk[] {
    const { output_index, delta, obfuscation } = event;
    const index = this.#calls.get(output_index);
    if (index === undefined) throw failed(event);
    const isFunction = type === "response.function_call_arguments.delta";
    const piece = isFunction ? { function: { arguments: delta } } : { custom: { input: delta } };
    return [this.#chunk({ tool_calls: [{ index, ...piece }] }, obfuscation)];
  }

  #end(response: EndedResponse): ChatCompletionChunk[] {
    const finish_reason = finishReasonOf(response, this.#calls.size > 0);
    if (finish_reason === undefined) throw failed(response);
    this.#hasEnded = true;
    const usage = toChatUsage(response);
    const end: ChatCompletionChunk = {
      ...this.#base(),
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason }],
    };
    if (!this.#options.includesUsage || usage === undefined) return [end];
    return [end, { ...this.#base(), choices: [], usage }];
  }

  #chunk(
    delta: Delta,
    obfuscation?: string,
    logprobs?: readonly z.output<typeof logprob>[] | null,
  ): ChatCompletionChunk {
    const content = (logprobs ?? []).map(toChatLogprob);
    return {
      ...this.#base(),
      choices: [
        { index: 0, delta, logprobs: content.length > 0 ? { content, refusal: null } : null, finish_reason: null },
      ],
      ...(obfuscation === undefined ? {} : { obfuscation }),
    };
  }

  #base(): Omit<ChatCompletionChunk, "choices"> {
    const response = this.#known();
    const tier = chatServiceTier.safeParse(response.service_tier);
    return {
      id: completionId(response.id),
      object: "chat.completion.chunk",
      created: Math.floor(response.created_at),
      model: this.#options.model,
      ...(tier.success ? { service_tier: tier.data } : {}),
      ...(this.#options.includesUsage ? { usage: null } : {}),
    };
  }

  #known(): EndedResponse {
    if (this.#response === undefined) throw failed("an event before response.created");
    return this.#response;
  }
}

function failed(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model's server broke off in the middle of its answer. Try again.", {
    cause: typeof cause === "string" ? cause : JSON.stringify(cause).slice(0, 500),
  });
}
