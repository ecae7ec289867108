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

const inItem = { output_index: z.number(), obfuscation: z.string().optional() };
const deltaEvent = z.object({ ...inItem, delta: z.string() });
const whole = z.object({ response: endedResponse });
const callItem = z.object({
  type: z.enum(["function_call", "custom_tool_call"]),
  call_id: z.string(),
  name: z.string(),
});

/** The events of a Responses stream that a chat completion has words for; all others tell what it has no place for. */
const events = {
  "response.created": whole,
  "response.output_text.delta": deltaEvent.extend({ logprobs: z.array(logprob).nullish() }),
  "response.refusal.delta": deltaEvent,
  "response.output_item.added": z.object({ ...inItem, item: z.looseObject({ type: z.string() }) }),
  "response.function_call_arguments.delta": deltaEvent,
  "response.custom_tool_call_input.delta": deltaEvent,
  "response.completed": whole,
  "response.incomplete": whole,
} as const;

type EventType = keyof typeof events;
type EventOf<Type extends EventType> = z.output<(typeof events)[Type]>;

export type ChunkOptions = { readonly model: string; readonly includesUsage: boolean };

/** Turns the events of one Responses stream into the chunks of a chat completion. */
export class ChunksFromEvents {
  readonly #options: ChunkOptions;
  /** Where the calls stand: output index -> their own number. */
  readonly #calls = new Map<number, number>();
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
   * @throws ApiError `upstream_failed` for an event that tells a failure, or can't be understood.
   */
  push(value: unknown): ChatCompletionChunk[] {
    const { type } = z.looseObject({ type: z.string() }).parse(value);
    if (type === "error" || type === "response.failed") throw failed(value);
    if (!isTold(type)) return [];
    return this.#chunks(type, events[type].parse(value));
  }

  #chunks<Type extends EventType>(type: Type, event: EventOf<Type>): ChatCompletionChunk[] {
    if ("response" in event) {
      this.#response = event.response;
      return type === "response.created"
        ? [this.#delta({ role: "assistant", content: "", refusal: null })]
        : this.#end();
    }
    if ("item" in event) return this.#begin(event);
    const { delta, obfuscation: padding } = event;
    if (type === "response.refusal.delta") return [this.#delta({ refusal: delta }, padding)];
    if ("logprobs" in event || type === "response.output_text.delta") {
      return [this.#delta({ content: delta }, padding, "logprobs" in event ? event.logprobs : undefined)];
    }
    const index = this.#calls.get(event.output_index);
    if (index === undefined) throw failed(event);
    const isFunction = type === "response.function_call_arguments.delta";
    const piece = isFunction ? { function: { arguments: delta } } : { custom: { input: delta } };
    return [this.#delta({ tool_calls: [{ index, ...piece }] }, padding)];
  }

  #begin(event: EventOf<"response.output_item.added">): ChatCompletionChunk[] {
    const call = callItem.safeParse(event.item);
    if (!call.success) return [];
    const { type, call_id: id, name } = call.data;
    const index = this.#calls.size;
    this.#calls.set(event.output_index, index);
    return type === "function_call"
      ? [this.#delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] })]
      : [this.#delta({ tool_calls: [{ index, id, type: "custom", custom: { name, input: "" } }] })];
  }

  #end(): ChatCompletionChunk[] {
    const response = this.#known();
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

  #delta(
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

function isTold(type: string): type is EventType {
  return Object.hasOwn(events, type);
}

function failed(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model's server broke off in the middle of its answer. Try again.", {
    cause: typeof cause === "string" ? cause : JSON.stringify(cause).slice(0, 500),
  });
}
