import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import type {
  FilePart,
  ImagePart,
  ModelCall,
  ModelMessage,
  ModelRequest,
  ModelTool,
  ModelToolChoice,
  OutputFormat,
  TextPart,
} from "../ports/model-request.ts";

type ChatMessage = CreateChatCompletionBody["messages"][number];
type ChatTool = NonNullable<CreateChatCompletionBody["tools"]>[number];
type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;
type ChatText = Extract<UserPart, { type: "text" }>;
type UserPart = Exclude<Extract<ChatMessage, { role: "user" }>["content"], string>[number];

/** Where vLLM, DeepSeek and others write a model's own thinking, and read it again. */
export const thinkingKey = "reasoning_content";

type WithThinking = { readonly [thinkingKey]?: string };

/** The request without what the model thought before; undefined where there is nothing of it. */
export function withoutThinking(request: ModelRequest): ModelRequest | undefined {
  const isThought = (message: ModelMessage) => message.role === "assistant" && message.reasoning !== "";
  if (!request.messages.some(isThought)) return undefined;
  const messages = request.messages.map((message) => (isThought(message) ? { ...message, reasoning: "" } : message));
  return { ...request, messages };
}

/** A request in the words of Chat Completions, to be streamed. */
export function toChatRequest(request: ModelRequest, model: string): CreateChatCompletionBody {
  const { settings, tools } = request;
  const messages = request.messages.map(toChatMessage);
  if (request.instructions !== undefined) messages.unshift({ role: "system", content: request.instructions });
  const hasTools = tools.length > 0;
  return {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    temperature: settings.temperature,
    top_p: settings.topP,
    max_completion_tokens: settings.maxOutputTokens,
    reasoning_effort: settings.reasoningEffort,
    verbosity: settings.verbosity,
    response_format: settings.format && toResponseFormat(settings.format),
    logprobs: settings.topLogprobs === undefined ? undefined : true,
    top_logprobs: settings.topLogprobs,
    tools: hasTools ? tools.map(toChatTool) : undefined,
    // Providers refuse both where there are no tools.
    tool_choice: hasTools && request.toolChoice ? toChatToolChoice(request.toolChoice) : undefined,
    parallel_tool_calls: hasTools ? settings.parallelCalls : undefined,
    service_tier: settings.serviceTier,
    prompt_cache_key: settings.cacheKey,
    prompt_cache_retention: settings.cacheRetention,
    prompt_cache_options: settings.cacheOptions,
    safety_identifier: settings.safetyIdentifier,
    user: settings.user,
  };
}

function toChatMessage(message: ModelMessage): ChatMessage {
  switch (message.role) {
    case "assistant":
      return toAssistantMessage(message);
    case "tool":
      return { role: "tool", tool_call_id: message.callId, content: toTextContent(message.content) };
    case "user":
      return { role: "user", content: toUserContent(message.content) };
    default:
      return { role: message.role, content: toTextContent(message.content) };
  }
}

function toAssistantMessage(message: Extract<ModelMessage, { role: "assistant" }>): AssistantMessage & WithThinking {
  const { content, calls, reasoning } = message;
  return {
    role: "assistant",
    content: content.length === 0 && calls.length > 0 ? null : toTextContent(content),
    ...(calls.length > 0 ? { tool_calls: calls.map(toToolCall) } : {}),
    ...(reasoning === "" ? {} : { [thinkingKey]: reasoning }),
  };
}

function toToolCall({ tool, callId: id, name, input }: ModelCall) {
  return tool === "function"
    ? { id, type: "function" as const, function: { name, arguments: input } }
    : { id, type: "custom" as const, custom: { name, input } };
}

function toUserContent(content: readonly (TextPart | ImagePart | FilePart)[]): string | UserPart[] {
  return content.every((part) => part.type === "text") ? toTextContent(content) : content.map(toUserPart);
}

/** One text where a list would say no more: the templates of many models take no lists. */
function toTextContent(content: readonly TextPart[]): string | ChatText[] {
  const isPlain = content.every((part) => part.cacheBreakpoint === undefined);
  return isPlain ? content.map((part) => part.text).join("") : content.map(toChatText);
}

function toChatText(part: TextPart): ChatText {
  return { type: "text", text: part.text, ...markOf(part) };
}

function markOf({ cacheBreakpoint }: TextPart | ImagePart | FilePart) {
  return cacheBreakpoint === undefined ? {} : { prompt_cache_breakpoint: cacheBreakpoint };
}

function toUserPart(part: TextPart | ImagePart | FilePart): UserPart {
  const mark = markOf(part);
  switch (part.type) {
    case "text":
      return toChatText(part);
    case "image":
      return { type: "image_url", image_url: { url: part.url, ...(part.detail && { detail: part.detail }) }, ...mark };
    case "file":
      return {
        type: "file",
        file: { file_data: part.data, ...(part.filename === undefined ? {} : { filename: part.filename }) },
        ...mark,
      };
  }
}

function toChatTool(tool: ModelTool): ChatTool {
  if (tool.type === "function") {
    const { type, ...definition } = tool;
    return { type, function: definition };
  }
  const { type, grammar, ...definition } = tool;
  return { type, custom: { ...definition, ...(grammar && { format: { type: "grammar" as const, grammar } }) } };
}

function toChatToolChoice(choice: ModelToolChoice): NonNullable<CreateChatCompletionBody["tool_choice"]> {
  if (typeof choice === "string") return choice;
  const { tool, name } = choice;
  return tool === "function" ? { type: "function", function: { name } } : { type: "custom", custom: { name } };
}

function toResponseFormat(format: OutputFormat): NonNullable<CreateChatCompletionBody["response_format"]> {
  if (format.type === "json_object") return format;
  const { type, ...definition } = format;
  return { type, json_schema: definition };
}
