import { ApiError } from "@headrace/contract/common/errors.ts";
import { asRecord, type Fields, optionalInteger, optionalNumber, refuse } from "../request-fields.ts";
import { type ChatMessage, parseMessages } from "./chat-message.ts";
import { parseResponseFormat, type ResponseFormat } from "./response-format.ts";
import { parseToolUse, type ToolUse } from "./tool.ts";

export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Undefined: whatever the context leaves. */
  readonly outputTokensMax: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number | undefined;
  readonly stop: readonly string[];
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** Token number -> what is added to its logit. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Undefined: no likelihoods are told. */
  readonly topLogprobs: number | undefined;
  /** How many answers are generated. */
  readonly choices: number;
  /** Undefined: no tool can be called. */
  readonly toolUse: ToolUse | undefined;
  readonly responseFormat: ResponseFormat;
  /** How hard the model is to think; its template says which efforts it can be told. */
  readonly reasoningEffort: string | undefined;
};

/** A choice takes a sequence of its own: more of them would wait for each other. */
export const choicesMax = 8;
const stopsMax = 4;
const topLogprobsMax = 20;
const logitBiasMax = 100;
/** As OpenAI's edge bounds it. */
const logitBiasTokensMax = 1024;

/** Parameters that say what the engine does anyway, or nothing about the answer. */
const inert = new Set([
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
]);
/** Parameters with the one value that the engine can honour. */
const onlyValues: Readonly<Record<string, readonly unknown[]>> = {
  modalities: [["text"]],
  verbosity: ["medium"],
};
const known = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "seed",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "n",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
]);

/** Reads the body of POST /v1/chat/completions. Throws an ApiError that names what is wrong or not done here. */
export function parseChatRequest(body: unknown): ChatRequest {
  const fields = asRecord(body, "the request body");
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || known.has(name) || inert.has(name)) continue;
    if (onlyValues[name]?.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value))) continue;
    throw new ApiError("unsupported_parameter", `The local engine does not support '${name}' with this value.`, {
      param: name,
    });
  }
  if (typeof fields.model !== "string") throw refuse("model", "must be a string");
  const options = fields.stream_options == null ? {} : asRecord(fields.stream_options, "stream_options");
  return {
    model: fields.model,
    messages: parseMessages(fields),
    stream: fields.stream === true,
    includeUsage: options.include_usage === true,
    outputTokensMax: optionalInteger(fields, "max_completion_tokens", 1) ?? optionalInteger(fields, "max_tokens", 1),
    temperature: optionalNumber(fields, "temperature", 0, 2),
    topP: optionalNumber(fields, "top_p", 0, 1),
    seed: optionalInteger(fields, "seed", Number.MIN_SAFE_INTEGER),
    stop: parseStop(fields.stop),
    presencePenalty: optionalNumber(fields, "presence_penalty", -2, 2) ?? 0,
    frequencyPenalty: optionalNumber(fields, "frequency_penalty", -2, 2) ?? 0,
    logitBias: parseLogitBias(fields.logit_bias),
    topLogprobs: parseTopLogprobs(fields),
    choices: optionalInteger(fields, "n", 1, choicesMax) ?? 1,
    toolUse: parseToolUse(fields),
    responseFormat: parseResponseFormat(fields),
    reasoningEffort: parseReasoningEffort(fields.reasoning_effort),
  };
}

function parseReasoningEffort(value: unknown): string | undefined {
  if (value == null) return undefined;
  if (typeof value !== "string") throw refuse("reasoning_effort", "must be a string");
  return value;
}

export function parseLogitBias(value: unknown): Map<number, number> {
  if (value == null) return new Map();
  const entries = Object.entries(asRecord(value, "logit_bias"));
  if (entries.length > logitBiasTokensMax) throw refuse("logit_bias", `must hold ${logitBiasTokensMax} tokens at most`);
  return new Map(
    entries.map(([token, bias]) => {
      if (!/^(0|[1-9]\d{0,9})$/.test(token)) throw refuse("logit_bias", `holds '${token}', which is no token's number`);
      if (typeof bias !== "number" || !(Math.abs(bias) <= logitBiasMax))
        throw refuse(`logit_bias.${token}`, `must be a number from -${logitBiasMax} to ${logitBiasMax}`);
      return [Number(token), bias];
    }),
  );
}

function parseTopLogprobs(fields: Fields): number | undefined {
  const { logprobs } = fields;
  if (logprobs != null && typeof logprobs !== "boolean") throw refuse("logprobs", "must be true or false");
  const top = optionalInteger(fields, "top_logprobs", 0, topLogprobsMax);
  if (top !== undefined && logprobs !== true) throw refuse("top_logprobs", "needs 'logprobs' to be true");
  return logprobs === true ? (top ?? 0) : undefined;
}

export function parseStop(stop: unknown): string[] {
  if (stop == null) return [];
  const list: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (list.length > stopsMax) throw refuse("stop", `must hold ${stopsMax} strings at most`);
  return list.map((entry) => {
    if (typeof entry !== "string" || entry === "")
      throw refuse("stop", "must be a string or a list of strings, none empty");
    return entry;
  });
}
