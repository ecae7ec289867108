import type { ModelPart } from "../ports/language-model.ts";
import { brokenOff } from "./broken-off.ts";
import type { ChatCallDelta } from "./chat-chunk.ts";

type Call = {
  /** Our own number: upstreams use theirs again. */
  readonly index: number;
  readonly wireIndex: number | undefined;
  readonly tool: "function" | "custom";
  /** A call beyond the permitted number is read and not told. */
  readonly isLeftOut: boolean;
  id: string | undefined;
  name: string | undefined;
  input: string;
  hasEnded: boolean;
};

/**
 * Puts the calls of one turn together from the deltas of Chat Completions, which tell them apart by `index`, and never
 * say that a call has ended. A function's call has ended when another one begins and its arguments are whole JSON; every
 * other call ends with the turn.
 */
export class ChatCalls {
  readonly #callsMax: number;
  readonly #calls: Call[] = [];
  #latest: Call | undefined;

  /** @param callsMax how many calls the caller of the API permits. */
  constructor(callsMax: number) {
    this.#callsMax = callsMax;
  }

  /** Whether a call may still go on. */
  get isOpen(): boolean {
    return this.#calls.some((call) => !call.hasEnded);
  }

  /** @throws ApiError `upstream_failed` where a call that has ended goes on. */
  push(delta: ChatCallDelta, tokens: number): ModelPart[] {
    const known = this.#find(delta);
    const parts = known !== undefined && known === this.#latest ? [] : this.endWhole();
    const call = known ?? this.#begin(delta);
    this.#latest = call;
    const text = (call.tool === "function" ? delta.function?.arguments : delta.custom?.input) ?? "";
    call.id ??= delta.id || undefined;
    const wasNamed = call.name !== undefined;
    call.name ??= nameOf(delta);
    if (call.hasEnded) {
      if (text.trim() !== "") throw brokenOff(`the call ${call.index} goes on after its end`);
      return parts;
    }
    call.input += text;
    if (call.isLeftOut || call.name === undefined) return parts;
    if (!wasNamed) parts.push(toStart(call, call.name));
    const piece = wasNamed ? text : call.input;
    if (piece !== "") parts.push({ type: "call-delta", index: call.index, text: piece, tokens });
    return parts;
  }

  /** Ends the calls whose arguments are whole, as far as they began first. */
  endWhole(): ModelPart[] {
    return this.#end((call) => call.tool === "function" && isWholeJson(call.input));
  }

  /**
   * Ends all calls.
   * @throws ApiError `upstream_failed` where one never got a name.
   */
  endAll(): ModelPart[] {
    if (this.#calls.some((call) => call.name === undefined)) throw brokenOff("a call without a name");
    return this.#end(() => true);
  }

  #end(mayEnd: (call: Call) => boolean): ModelPart[] {
    const parts: ModelPart[] = [];
    for (const call of this.#calls) {
      if (call.hasEnded) continue;
      if (!mayEnd(call)) break;
      call.hasEnded = true;
      if (!call.isLeftOut) parts.push({ type: "call-end", index: call.index });
    }
    return parts;
  }

  #find(delta: ChatCallDelta): Call | undefined {
    const wireIndex = delta.index ?? undefined;
    const candidate = this.#calls.findLast((call) => wireIndex === undefined || call.wireIndex === wireIndex);
    if (candidate === undefined || nameOf(delta) === undefined) return candidate;
    // Some upstreams give all calls of a turn the same index, or none: then a name with another id begins another call.
    const hasOtherId = Boolean(delta.id) && candidate.id !== undefined && delta.id !== candidate.id;
    const isAnother = hasOtherId || (wireIndex === undefined && !delta.id && candidate.name !== undefined);
    return isAnother ? undefined : candidate;
  }

  #begin(delta: ChatCallDelta): Call {
    const call: Call = {
      index: this.#calls.length,
      wireIndex: delta.index ?? undefined,
      tool: delta.type === "custom" || delta.custom ? "custom" : "function",
      isLeftOut: this.#calls.length >= this.#callsMax,
      id: undefined,
      name: undefined,
      input: "",
      hasEnded: false,
    };
    this.#calls.push(call);
    return call;
  }
}

function toStart({ index, tool, id }: Call, name: string): ModelPart {
  return { type: `${tool}-call-start`, index, name, ...(id === undefined ? {} : { callId: id }) };
}

function nameOf(delta: ChatCallDelta): string | undefined {
  return delta.function?.name || delta.custom?.name || undefined;
}

function isWholeJson(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
