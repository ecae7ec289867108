import { ApiError } from "@headrace/contract/common/errors.ts";
import { Template } from "@huggingface/jinja";
import type { LlamaModel, Token } from "node-llama-cpp";
import type { ChatMessage } from "./chat-request.ts";

/**
 * Renders messages with the chat template that the model's GGUF carries, the way transformers' `apply_chat_template`
 * does, and turns the text into tokens. A message that spells a control token (`<|im_end|>`) stays text: it can't end
 * its own turn.
 */
export class ChatPrompt {
  readonly #model: LlamaModel;
  readonly #template: Template;
  readonly #variables: Readonly<Record<string, boolean | string>>;
  readonly #controlText: RegExp | undefined;

  /** Throws where the model has no chat template. */
  constructor(model: LlamaModel, variables: Readonly<Record<string, boolean | string>> = {}) {
    const source = model.fileInfo.metadata.tokenizer.chat_template;
    if (source === undefined) throw new Error("the model's file has no chat template");
    this.#model = model;
    this.#template = new Template(source);
    this.#variables = variables;
    this.#controlText = controlTextOf(model);
  }

  /** The prompt's exact text. Throws an ApiError `invalid_value` where the template refuses the messages. */
  render(messages: readonly ChatMessage[]): string {
    const { bosString, eosString } = this.#model.tokens;
    try {
      return this.#template.render({
        messages,
        add_generation_prompt: true,
        bos_token: bosString ?? "",
        eos_token: eosString ?? "",
        ...this.#variables,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ApiError("invalid_value", `The model's chat template refuses these messages: ${reason}`, {
        param: "messages",
        cause,
      });
    }
  }

  tokenize(messages: readonly ChatMessage[]): Token[] {
    const breaker = breakerFor(messages);
    const broken = messages.map((message) => ({ ...message, content: this.#breakControls(message.content, breaker) }));
    return this.render(broken)
      .split(breaker)
      .flatMap((text) => this.#model.tokenize(text, true));
  }

  #breakControls(content: string, breaker: string): string {
    if (this.#controlText === undefined) return content;
    return content.replace(this.#controlText, (text) => `${text.slice(0, 1)}${breaker}${text.slice(1)}`);
  }
}

/** A noncharacter (U+FDD0 … U+FDEF, which no text should hold) that these messages don't use. */
function breakerFor(messages: readonly ChatMessage[]): string {
  for (let code = 0xfdd0; code <= 0xfdef; code++) {
    const breaker = String.fromCharCode(code);
    if (!messages.some(({ content }) => content.includes(breaker))) return breaker;
  }
  throw new ApiError("invalid_value", "The messages hold every Unicode noncharacter.", { param: "messages" });
}

/** Token types of GGUF: 3 is a control token, 4 one that was added by hand. */
function controlTextOf(model: LlamaModel): RegExp | undefined {
  const { tokens, token_type: types } = model.fileInfo.metadata.tokenizer.ggml;
  const texts = (tokens as readonly string[]).filter(
    (text, id) => (types?.[id] === 3 || types?.[id] === 4) && text.length > 1,
  );
  if (texts.length === 0) return undefined;
  const longestFirst = texts.toSorted((left, right) => right.length - left.length);
  return new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "g");
}
