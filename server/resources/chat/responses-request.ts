import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { toInputItems } from "./responses-input.ts";

type ChatTool = NonNullable<CreateChatCompletionBody["tools"]>[number];
type ResponsesTool = Extract<
  NonNullable<CreateResponseBody["tools"]>[number],
  { readonly type: "function" | "custom"; readonly name: string }
>;

/** A chat completion as a request for a response that nobody stores; see `chatServedThroughResponses` for its bounds. */
export function toResponsesRequest(body: CreateChatCompletionBody, model: string): CreateResponseBody {
  const { stream_options: options, tool_choice: choice } = body;
  const padding = options?.include_obfuscation;
  return {
    model,
    input: toInputItems(body.messages),
    store: false,
    stream: body.stream,
    ...(padding === undefined ? {} : { stream_options: { include_obfuscation: padding } }),
    max_output_tokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    top_p: body.top_p,
    metadata: body.metadata,
    ...(body.reasoning_effort ? { reasoning: { effort: body.reasoning_effort } } : {}),
    ...toText(body),
    ...(body.tools ? { tools: body.tools.map(toTool) } : {}),
    ...(choice ? { tool_choice: toToolChoice(choice) } : {}),
    parallel_tool_calls: body.parallel_tool_calls,
    ...(body.logprobs === true ? { include: ["message.output_text.logprobs"] } : {}),
    top_logprobs: body.top_logprobs,
    service_tier: body.service_tier,
    safety_identifier: body.safety_identifier,
    user: body.user,
    prompt_cache_key: body.prompt_cache_key,
    prompt_cache_options: body.prompt_cache_options,
    prompt_cache_retention: body.prompt_cache_retention,
  };
}

function toText({ response_format: format, verbosity }: CreateChatCompletionBody): Pick<CreateResponseBody, "text"> {
  const text = {
    ...(format ? { format: toFormat(format) } : {}),
    ...(verbosity ? { verbosity } : {}),
  };
  return Object.keys(text).length === 0 ? {} : { text };
}

function toFormat(format: NonNullable<CreateChatCompletionBody["response_format"]>) {
  if (format.type !== "json_schema") return format;
  const { schema, ...named } = format.json_schema;
  return { type: format.type, ...named, schema: schema ?? {} };
}

/** Responses takes functions for strict unless it is told otherwise; Chat Completions does not. */
function toTool(tool: ChatTool): ResponsesTool {
  if (tool.type === "function") {
    const { strict, parameters, ...named } = tool.function;
    return {
      type: "function",
      ...named,
      parameters: parameters ?? { type: "object", properties: {} },
      strict: strict ?? false,
    };
  }
  const { format, ...named } = tool.custom;
  if (format?.type !== "grammar") return { type: "custom", ...named, ...(format ? { format } : {}) };
  return { type: "custom", ...named, format: { type: "grammar", ...format.grammar } };
}

function toToolChoice(
  choice: NonNullable<CreateChatCompletionBody["tool_choice"]>,
): NonNullable<CreateResponseBody["tool_choice"]> {
  if (typeof choice === "string") return choice;
  switch (choice.type) {
    case "function":
      return { type: "function", name: choice.function.name };
    case "custom":
      return { type: "custom", name: choice.custom.name };
    case "allowed_tools": {
      const { mode, tools } = choice.allowed_tools;
      return { type: "allowed_tools", mode, tools: tools.map(toAllowedTool) };
    }
  }
}

/** Chat Completions nests a tool's name under its type. */
function toAllowedTool(tool: Record<string, unknown>): Record<string, unknown> {
  const { type } = tool;
  const named = typeof type === "string" ? tool[type] : undefined;
  return typeof named === "object" && named !== null && "name" in named ? { type, name: named.name } : tool;
}
