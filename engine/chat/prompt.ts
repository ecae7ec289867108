import { ApiError } from "@headrace/contract/common/errors.ts";
import { Template } from "@huggingface/jinja";
import type { LlamaModel, Token } from "node-llama-cpp";
import type { RegisteredModel } from "../protocol.ts";
import type { ChatMessage } from "./chat-message.ts";
import type { Tool } from "./tool.ts";
import { messagesForTemplate, messagesInWords, type TemplateMessage, templateTool } from "./tool-prompt.ts";
import { toolSyntaxOf } from "./tool-syntax.ts";

/** The tags around a model's thoughts. */
export type Thinking = {
  readonly open: string;
  readonly close: string;
  /** The prompt has begun them already. */
  readonly isOpen: boolean;
};

type Variables = Readonly<Record<string, boolean | string>>;

export type PromptOptions = { readonly tools?: readonly Tool[]; readonly effort?: string | undefined };

export type PromptTokens = { readonly tokens: Token[]; readonly thinking: Thinking | undefined };

/** The variable of a template with which Qwen3 and those made like it think, or don't. */
const thinkingSwitch = "enable_thinking";

/** Efforts with which a model thinks. Templates know no more than that it does: they are one to it. */
const thinkingEfforts: readonly string[] = ["low", "medium", "high"];

/** The tags of all models that think aloud in their text: DeepSeek's R1, Qwen's, and those made from them. */
const thoughts = { open: "<think>", close: "</think>" };

/**
 * Renders messages with the chat template that the model's GGUF carries, the way transformers' `apply_chat_template`
 * does, and turns the text into tokens. A message that spells a control token (`<|im_end|>`) stays text: it can't end
 * its own turn.
 */
export class ChatPrompt {
  readonly #model: LlamaModel;
  readonly #template: Template;
  readonly #variables: Variables;
  readonly #templateKnowsTools: boolean;
  readonly #isOneCall: boolean;
  readonly #isThinking: boolean;
  readonly #canLeaveThinking: boolean;
  readonly #controlText: RegExp | undefined;

  /** Throws where the model has no chat template. */
  constructor(model: LlamaModel, { templateVariables, toolCalling }: Partial<RegisteredModel> = {}) {
    const source = model.fileInfo.metadata.tokenizer.chat_template;
    if (source === undefined) throw new Error("the model's file has no chat template");
    this.#model = model;
    this.#template = new Template(source);
    this.#variables = templateVariables ?? {};
    this.#templateKnowsTools = toolCalling?.prompt === "template";
    this.#isOneCall = toolSyntaxOf(toolCalling).between === undefined;
    this.#isThinking = source.includes(thoughts.close);
    this.#canLeaveThinking = source.includes(thinkingSwitch);
    this.#controlText = controlTextOf(model);
  }

  /** The prompt's exact text. Throws an ApiError `invalid_value` where the template refuses the messages. */
  render(messages: readonly ChatMessage[], { tools = [], effort }: PromptOptions = {}): string {
    return this.#render(this.#variablesOf(effort), ...this.#inputOf(messages, tools));
  }

  /**
   * Throws as `render` does, and ApiErrors `unsupported_parameter` and `unsupported_value` for an effort that the model
   * can't be told.
   */
  tokenize(messages: readonly ChatMessage[], { tools = [], effort }: PromptOptions = {}): PromptTokens {
    const input = this.#inputOf(messages, tools);
    const breaker = breakerFor(JSON.stringify(input));
    const text = this.#render(this.#variablesOf(effort), ...this.#breakControls(input, breaker));
    const tokens = text.split(breaker).flatMap((part) => this.#model.tokenize(part, true));
    const isOpen = text.trimEnd().endsWith(thoughts.open);
    return { tokens, thinking: this.#isThinking ? { ...thoughts, isOpen } : undefined };
  }

  #variablesOf(effort: string | undefined): Variables {
    if (effort === undefined) return this.#variables;
    const efforts = this.#canLeaveThinking ? ["none", ...thinkingEfforts] : thinkingEfforts;
    if (!this.#isThinking || !efforts.includes(effort))
      throw unsupportedEffort(effort, this.#isThinking ? efforts : []);
    return this.#canLeaveThinking ? { ...this.#variables, [thinkingSwitch]: effort !== "none" } : this.#variables;
  }

  #inputOf(messages: readonly ChatMessage[], tools: readonly Tool[]): readonly [TemplateMessage[], object[]] {
    if (this.#templateKnowsTools) return [messagesForTemplate(messages, this.#isOneCall), tools.map(templateTool)];
    return [messagesInWords(messages, tools), []];
  }

  #render(variables: Variables, messages: readonly TemplateMessage[], tools: readonly object[]): string {
    const { bosString, eosString } = this.#model.tokens;
    try {
      return this.#template.render({
        messages,
        ...(tools.length === 0 ? {} : { tools }),
        add_generation_prompt: true,
        bos_token: bosString ?? "",
        eos_token: eosString ?? "",
        ...variables,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ApiError("invalid_value", `The model's chat template refuses these messages: ${reason}`, {
        param: "messages",
        cause,
      });
    }
  }

  /** The same value, in whose texts no control token can be read. */
  #breakControls<Value>(value: Value, breaker: string): Value {
    const controlText = this.#controlText;
    if (controlText === undefined) return value;
    const broken = (text: string): string =>
      text.replace(controlText, (control) => `${control.slice(0, 1)}${breaker}${control.slice(1)}`);
    return mapStrings(value, broken) as Value;
  }
}

/** In OpenAI's words. @param supported empty for a model that never thinks. */
function unsupportedEffort(effort: string, supported: readonly string[]): ApiError {
  const param = "reasoning_effort";
  if (supported.length === 0) {
    const message = `Unsupported parameter: '${param}' is not supported with this model.`;
    return new ApiError("unsupported_parameter", message, { param });
  }
  const values = supported.map((one) => `'${one}'`);
  return new ApiError(
    "unsupported_value",
    `Unsupported value: '${param}' does not support '${effort}' with this model. Supported values are: ` +
      `${values.slice(0, -1).join(", ")}, and ${values.at(-1)}.`,
    { param },
  );
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((entry) => mapStrings(entry, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [change(key), mapStrings(entry, change)]));
}

/** A noncharacter (U+FDD0 … U+FDEF, which no text should hold) that these messages don't use. */
function breakerFor(text: string): string {
  for (let code = 0xfdd0; code <= 0xfdef; code++) {
    const breaker = String.fromCharCode(code);
    if (!text.includes(breaker)) return breaker;
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
