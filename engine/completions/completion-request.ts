import { ApiError } from "@headrace/contract/common/errors.ts";
import { type ChatRequest, choicesMax, parseLogitBias, parseStop } from "../chat/chat-request.ts";
import { asRecord, type Fields, optionalInteger, optionalNumber, refuse } from "../request-fields.ts";

/** A text, tokens, or null for the beginning of a document. */
export type RawPrompt = string | readonly number[] | null;

export type CompletionRequest = ChatRequest & {
  readonly prompts: readonly RawPrompt[];
  /** Whether each choice begins with its prompt. */
  readonly echo: boolean;
};

/** As OpenAI documents them. */
const outputTokensDefault = 16;
const topLogprobsMax = 5;

const known = new Set([
  "model",
  "prompt",
  "stream",
  "stream_options",
  "max_tokens",
  "temperature",
  "top_p",
  "seed",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "n",
  "best_of",
  "echo",
  "user",
]);

/** Reads the body of POST /v1/completions. Throws an ApiError that names what is wrong or not done here. */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  const fields = asRecord(body, "the request body");
  for (const [name, value] of Object.entries(fields)) if (value !== null && !known.has(name)) throw unsupported(name);
  if (typeof fields.model !== "string") throw refuse("model", "must be a string");
  const options = fields.stream_options == null ? {} : asRecord(fields.stream_options, "stream_options");
  const choices = optionalInteger(fields, "n", 1, choicesMax) ?? 1;
  // The answers are not compared: as many are made as are given.
  if (fields.best_of != null && fields.best_of !== choices) throw unsupported("best_of");
  const echo = fields.echo === true;
  const topLogprobs = optionalInteger(fields, "logprobs", 0, topLogprobsMax);
  if (echo && topLogprobs !== undefined) throw unsupported("logprobs", " beside 'echo': a prompt has none here");
  return {
    model: fields.model,
    prompts: parsePrompts(fields),
    messages: [],
    echo,
    stream: fields.stream === true,
    includeUsage: options.include_usage === true,
    outputTokensMax: optionalInteger(fields, "max_tokens", 1) ?? outputTokensDefault,
    temperature: optionalNumber(fields, "temperature", 0, 2),
    topP: optionalNumber(fields, "top_p", 0, 1),
    seed: optionalInteger(fields, "seed", Number.MIN_SAFE_INTEGER),
    stop: parseStop(fields.stop),
    presencePenalty: optionalNumber(fields, "presence_penalty", -2, 2) ?? 0,
    frequencyPenalty: optionalNumber(fields, "frequency_penalty", -2, 2) ?? 0,
    logitBias: parseLogitBias(fields.logit_bias),
    topLogprobs,
    choices,
    toolUse: undefined,
    responseFormat: { kind: "text" },
    reasoningEffort: undefined,
  };
}

function parsePrompts({ prompt }: Fields): RawPrompt[] {
  if (prompt == null || typeof prompt === "string") return [prompt ?? null];
  if (isTokens(prompt)) return [prompt];
  if (!Array.isArray(prompt) || prompt.length === 0)
    throw refuse("prompt", "must be a text, tokens, or a list of them");
  return prompt.map((entry: unknown, index) => {
    if (typeof entry === "string" || isTokens(entry)) return entry;
    throw refuse(`prompt[${index}]`, "must be a text or a list of tokens");
  });
}

const isTokens = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token) && token >= 0);

function unsupported(name: string, where = " with this value"): ApiError {
  return new ApiError("unsupported_parameter", `The local engine does not support '${name}'${where}.`, { param: name });
}
