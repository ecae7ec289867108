import type { Report } from "./check-response-object.ts";
import { isObject, type Json } from "./values.ts";

const finishReasons = new Set(["stop", "length", "tool_calls", "content_filter", "function_call"]);

/** Follows one choice of a chat completion's stream. */
export class ChatChoice {
  readonly #index: number;
  readonly #report: Report;
  #hasBegun = false;
  #toolCallCount = 0;
  isFinished = false;

  constructor(index: number, report: Report) {
    this.#index = index;
    this.#report = report;
  }

  take(delta: Json, finishReason: unknown): void {
    if (this.isFinished) {
      if (finishReason !== null) this.#report("chat.finish-once", `choice ${this.#index} again`);
      else this.#report("chat.after-finish", `choice ${this.#index}: ${JSON.stringify(delta)}`);
      return;
    }
    if (this.#hasBegun ? delta.role !== undefined : delta.role !== "assistant") {
      this.#report("chat.role-first", `choice ${this.#index}: ${JSON.stringify(delta)}`);
    }
    this.#hasBegun = true;
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls : []) this.#takeToolCall(call);
    if (finishReason === null) return;
    this.isFinished = true;
    const isKnown = typeof finishReason === "string" && finishReasons.has(finishReason);
    const saysCalls = finishReason === "tool_calls";
    // A forced call may end with `stop`, a cut one with `length`; `tool_calls` without a call is always wrong.
    if (!isKnown || (saysCalls && this.#toolCallCount === 0)) {
      this.#report("chat.finish-reason", JSON.stringify(finishReason));
    }
  }

  #takeToolCall(call: unknown): void {
    const piece = isObject(call) ? call : {};
    const body = isObject(piece.function) ? piece.function : isObject(piece.custom) ? piece.custom : {};
    const isFirst = piece.index === this.#toolCallCount;
    const isLater = typeof piece.index === "number" && piece.index >= 0 && piece.index < this.#toolCallCount;
    const hasHead = typeof piece.id === "string" && typeof piece.type === "string" && typeof body.name === "string";
    const hasSomeHead = piece.id !== undefined || body.name !== undefined;
    if (isFirst) this.#toolCallCount++;
    if (!(isFirst && hasHead) && !(isLater && !hasSomeHead)) {
      this.#report("chat.tool-index", JSON.stringify(call));
    }
  }
}
