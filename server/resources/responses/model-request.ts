import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type {
  ModelRequest,
  ModelSettings,
  ModelTool,
  ModelToolChoice,
  OutputFormat,
} from "../../ports/model-request.ts";
import type { PlacedItem } from "./conversation-input.ts";
import { type ModelMessagesOptions, toModelMessages } from "./model-messages.ts";

/**
 * A checked request as a model is asked it.
 * @throws ApiError with the parameter's path for what can't be told.
 */
export function toModelRequest(
  body: CreateResponseBody,
  items: readonly PlacedItem[],
  reasoningOf: ModelMessagesOptions["reasoningOf"],
): ModelRequest {
  const allReasoning = body.reasoning?.context === "all_turns";
  return {
    // Instructions are this turn's alone: those of earlier turns do not carry over.
    ...(body.instructions ? { instructions: body.instructions } : {}),
    messages: toModelMessages(items, { reasoningOf, allReasoning }),
    tools: allowedTools(body).map(toModelTool),
    ...toToolChoice(body.tool_choice),
    settings: toSettings(body),
  };
}

type CallersTool = Extract<NonNullable<CreateResponseBody["tools"]>[number], { type: "function" | "custom" }>;

/** Most servers know no `allowed_tools`: a model that is told of no other tool is bound in the same way. */
function allowedTools({ tools = [], tool_choice: choice }: CreateResponseBody): CallersTool[] {
  const callers = tools.filter((tool): tool is CallersTool => tool.type === "function" || tool.type === "custom");
  if (typeof choice !== "object" || choice.type !== "allowed_tools") return callers;
  return callers.filter((tool) => choice.tools.some((one) => one.type === tool.type && one.name === tool.name));
}

function toModelTool(tool: CallersTool): ModelTool {
  const { name } = tool;
  const description = tool.description ? { description: tool.description } : {};
  if (tool.type === "function") {
    return {
      type: "function",
      name,
      ...description,
      ...(tool.parameters ? { parameters: tool.parameters } : {}),
      ...(typeof tool.strict === "boolean" ? { strict: tool.strict } : {}),
    };
  }
  const { format } = tool;
  if (format?.type !== "grammar") return { type: "custom", name, ...description };
  const { syntax, definition } = format;
  return { type: "custom", name, ...description, grammar: { syntax, definition } };
}

function toToolChoice(choice: CreateResponseBody["tool_choice"]): { toolChoice?: ModelToolChoice } {
  if (choice === undefined) return {};
  if (typeof choice === "string") return { toolChoice: choice };
  if (choice.type === "allowed_tools") return { toolChoice: choice.mode };
  if (choice.type === "function" || choice.type === "custom") {
    return { toolChoice: { tool: choice.type, name: choice.name } };
  }
  return {};
}

function toSettings(body: CreateResponseBody): ModelSettings {
  const { text, include, reasoning, prompt_cache_options: cache, service_tier: tier } = body;
  const format = toFormat(text?.format);
  const wantsLogprobs = include?.includes("message.output_text.logprobs") === true;
  return withoutNothing({
    temperature: body.temperature,
    topP: body.top_p,
    maxOutputTokens: body.max_output_tokens,
    reasoningEffort: reasoning?.effort,
    verbosity: text?.verbosity,
    format,
    topLogprobs: wantsLogprobs ? (body.top_logprobs ?? 0) : undefined,
    parallelCalls: body.parallel_tool_calls,
    serviceTier: tier === "ultrafast" ? undefined : tier,
    cacheKey: body.prompt_cache_key,
    cacheOptions: cache && withoutNothing({ mode: cache.mode, ttl: cache.ttl === "30m" ? cache.ttl : undefined }),
    cacheRetention: body.prompt_cache_retention,
    safetyIdentifier: body.safety_identifier,
    user: body.user,
  });
}

function toFormat(format: NonNullable<CreateResponseBody["text"]>["format"]): OutputFormat | undefined {
  if (format === undefined || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json_object" };
  const { type, name, schema, description, strict } = format;
  return { type, name, schema, ...withoutNothing({ description, strict }) };
}

type WithoutNothing<Value> = { [Key in keyof Value]?: NonNullable<Value[Key]> };

/** What was left out and what was sent as null is the same: nothing is said of it. */
function withoutNothing<Value extends object>(value: Value): WithoutNothing<Value> {
  const said = Object.entries(value).filter(([, one]) => one !== undefined && one !== null);
  return Object.fromEntries(said) as WithoutNothing<Value>;
}
