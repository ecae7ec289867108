import type { FinishReason, ModelPart, TokenLogprob } from "../ports/language-model.ts";
import { ChatCalls } from "./chat-calls.ts";
import type { ChatChunk, ChatLogprob } from "./chat-chunk.ts";

/** Reads the chunks of one Chat Completions stream as what the model says. */
export class ChatTurnReader {
  readonly #calls: ChatCalls;
  /** What was said while a call may still go on: items never interleave. */
  #held: ModelPart[] = [];
  /** Of tokens that have no text of their own yet. */
  #logprobs: TokenLogprob[] = [];
  #reason: FinishReason | undefined;
  #serviceTier: string | undefined;
  #tokens = 0;

  /** @param callsMax how many calls the caller of the API permits in this turn. */
  constructor(callsMax: number) {
    this.#calls = new ChatCalls(callsMax);
  }

  /** Why the model stopped; undefined while it has not. */
  get reason(): FinishReason | undefined {
    return this.#reason;
  }

  get serviceTier(): string | undefined {
    return this.#serviceTier;
  }

  /** Output tokens so far, counted by the chunks. */
  get tokens(): number {
    return this.#tokens;
  }

  push(chunk: ChatChunk): ModelPart[] {
    this.#serviceTier = chunk.service_tier ?? this.#serviceTier;
    const choice = chunk.choices[0];
    if (choice === undefined) return [];
    const { delta, logprobs, finish_reason: finishReason } = choice;
    const parts: ModelPart[] = [];
    const reasoning = delta?.reasoning_content || delta?.reasoning;
    // A chunk that says something stands for a token. Many say nothing: the first names the role, others only filters.
    const isSaid = Boolean(reasoning || delta?.content || delta?.refusal || delta?.tool_calls?.length);
    const tokens = isSaid ? 1 : 0;
    this.#tokens += tokens;
    if (reasoning) this.#say({ type: "reasoning-delta", text: reasoning, tokens: 0 }, parts);
    this.#logprobs.push(...(logprobs?.content ?? []).map(toTokenLogprob));
    if (delta?.content)
      this.#say({ type: "text-delta", text: delta.content, tokens: 0, ...this.#takeLogprobs() }, parts);
    if (delta?.refusal) this.#say({ type: "refusal-delta", text: delta.refusal, tokens: 0 }, parts);
    for (const call of delta?.tool_calls ?? []) parts.push(...this.#calls.push(call, 0));
    if (finishReason) this.#reason = finishReason === "function_call" ? "tool_calls" : finishReason;
    return withTokens(parts, tokens);
  }

  /** Says what was still held back. A turn that was cut short may have been cut in a call: that one stays open. */
  finish(): ModelPart[] {
    const isCutShort = this.#reason === "length" || this.#reason === "content_filter";
    if (isCutShort && this.#held.length === 0) return [];
    return [...this.#calls.endAll(), ...this.#takeHeld()];
  }

  #say(part: ModelPart, parts: ModelPart[]): void {
    if (this.#calls.isOpen) parts.push(...this.#calls.endWhole());
    if (this.#calls.isOpen) this.#held.push(part);
    else parts.push(...this.#takeHeld(), part);
  }

  #takeHeld(): ModelPart[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #takeLogprobs(): { logprobs?: readonly TokenLogprob[] } {
    if (this.#logprobs.length === 0) return {};
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    return { logprobs };
  }
}

/** Puts the chunk's count on the first part that can carry it, before which nothing of the chunk is sent. */
function withTokens(parts: ModelPart[], tokens: number): ModelPart[] {
  if (tokens === 0) return parts;
  const [first, ...rest] = parts;
  if (first !== undefined && "tokens" in first) return [{ ...first, tokens }, ...rest];
  return [{ type: "text-delta", text: "", tokens }, ...parts];
}

function toTokenLogprob({ top_logprobs, ...chosen }: ChatLogprob): TokenLogprob {
  return { ...toChance(chosen), top: (top_logprobs ?? []).map(toChance) };
}

function toChance({ token, logprob, bytes }: Omit<ChatLogprob, "top_logprobs">) {
  return { token, logprob, ...(bytes ? { bytes } : {}) };
}
