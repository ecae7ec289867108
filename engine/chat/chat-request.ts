import { ApiError } from "@headrace/contract/common/errors.ts";
import { asRecord, type Fields, optionalInteger, optionalNumber, refuse } from "../request-fields.ts";

export type ChatMessage = { readonly role: "system" | "user" | "assistant"; readonly content: string };

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
};

/** Parameters that say what the engine does anyway, or nothing about the answer. */
const inert = new Set(["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"]);
/** Parameters with the one value that the engine can honour. */
const onlyValues: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  logprobs: [false],
  presence_penalty: [0],
  frequency_penalty: [0],
  tools: [[]],
  functions: [[]],
  tool_choice: ["none", "auto"],
  function_call: ["none", "auto"],
  parallel_tool_calls: [true, false],
  logit_bias: [{}],
  modalities: [["text"]],
  response_format: [{ type: "text" }],
  top_logprobs: [0],
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
  };
}

function parseMessages(fields: Fields): ChatMessage[] {
  const { messages } = fields;
  if (!Array.isArray(messages) || messages.length === 0) throw refuse("messages", "must be a list with a message");
  return messages.map((message: unknown, index) => {
    const at = `messages[${index}]`;
    const { role, content, tool_calls: toolCalls } = asRecord(message, at);
    if (toolCalls != null || role === "tool" || role === "function")
      throw new ApiError("unsupported_parameter", "The local engine does not support tools.", { param: at });
    if (role === "developer" || role === "system") return { role: "system", content: textOf(content, at) };
    if (role === "user" || role === "assistant") return { role, content: textOf(content, at) };
    throw refuse(`${at}.role`, "must be system, developer, user or assistant");
  });
}

/** Contents are a string or a list of text parts. */
function textOf(content: unknown, at: string): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw refuse(`${at}.content`, "must be a string or a list of parts");
  return content
    .map((part: unknown, index) => {
      const { type, text } = asRecord(part, `${at}.content[${index}]`);
      if (type === "text" && typeof text === "string") return text;
      throw new ApiError("unsupported_modality", `The local engine reads text only, not '${String(type)}'.`, {
        param: `${at}.content[${index}]`,
      });
    })
    .join("");
}

function parseStop(stop: unknown): string[] {
  if (stop == null) return [];
  const list: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (list.length > 4) throw refuse("stop", "must hold 4 strings at most");
  return list.map((entry) => {
    if (typeof entry !== "string") throw refuse("stop", "must be a string or a list of strings");
    return entry;
  });
}
