import type { AnswerPart } from "./answer-reader.ts";
import type { ChoiceEvent } from "./chat-model.ts";
import type { TokenLogprob } from "./sampler.ts";

type Call = { readonly id: string; readonly name: string; readonly tool: "function" | "custom"; input: string };

/** Gathers a choice's events to the whole message. */
export class ChoiceMessage {
  readonly #content: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #calls: Call[] = [];
  readonly #logprobs: TokenLogprob[] = [];
  #finishReason: ChoiceEvent["finishReason"];

  add({ parts, logprobs, finishReason }: ChoiceEvent): void {
    for (const part of parts) this.#addPart(part);
    this.#logprobs.push(...logprobs);
    this.#finishReason = finishReason;
  }

  /** The choice without its index, as `chat.completion` holds it. */
  toWire(hasLogprobs: boolean): object {
    const calls = this.#calls.map(({ id, name, tool, input }) =>
      tool === "function"
        ? { id, type: tool, function: { name, arguments: input } }
        : { id, type: tool, custom: { name, input } },
    );
    const message = {
      role: "assistant",
      content: calls.length > 0 && this.#content.length === 0 ? null : this.#content.join(""),
      ...(this.#reasoning.length === 0 ? {} : { reasoning_content: this.#reasoning.join("") }),
      refusal: null,
      annotations: [],
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
    return {
      message,
      logprobs: hasLogprobs ? { content: this.#logprobs, refusal: null } : null,
      finish_reason: this.#finishReason,
    };
  }

  #addPart(part: AnswerPart): void {
    switch (part.kind) {
      case "content":
        this.#content.push(part.text);
        break;
      case "reasoning":
        this.#reasoning.push(part.text);
        break;
      case "call":
        this.#calls.push({ id: part.id, name: part.name, tool: part.tool, input: "" });
        break;
      case "input": {
        const call = this.#calls[part.index];
        if (call !== undefined) call.input += part.text;
      }
    }
  }
}
