import type { ChatMessage } from "@headrace/contract/chat/messages.ts";
import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";

type Body = CreateChatCompletionBody;

/** Whether a request speaks of `functions`, the deprecated predecessor of `tools`. */
export function usesFunctions({ functions, function_call, messages }: Body): boolean {
  return functions !== undefined || function_call !== undefined || messages.some(isLegacy);
}

function isLegacy(message: ChatMessage): boolean {
  return message.role === "function" || (message.role === "assistant" && Boolean(message.function_call));
}

/**
 * The same request with `tools`: of functions one at most is called in an answer, and what came of it is told by name.
 * @throws ApiError `mutually_exclusive_parameters` beside tools, and `invalid_value` where a call, what came of it and the
 * functions don't fit together.
 */
export function withTools(body: Body): Body {
  const { functions, function_call: choice, messages, ...rest } = body;
  if (functions !== undefined && (body.tools?.length ?? 0) > 0) {
    throw new ApiError(
      "mutually_exclusive_parameters",
      "Mutually exclusive parameters: send only one of 'functions' and 'tools'.",
      { param: "functions" },
    );
  }
  if (typeof choice === "object" && !functions?.some(({ name }) => name === choice.name)) {
    throw new ApiError(
      "invalid_value",
      `Invalid value for 'function_call': no function named '${choice.name}' was specified in the 'functions' parameter.`,
      { param: "function_call" },
    );
  }
  return {
    ...rest,
    messages: toolMessages(messages),
    ...(functions === undefined ? {} : { tools: functions.map(toTool), parallel_tool_calls: false }),
    ...(functions === undefined || choice === undefined ? {} : { tool_choice: toChoice(choice) }),
  };
}

/** What a request with `functions` and the same with `tools` have otherwise. */
export const legacyParameters = [
  "functions",
  "function_call",
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
] as const;

function toTool(definition: NonNullable<Body["functions"]>[number]): NonNullable<Body["tools"]>[number] {
  return { type: "function", function: definition };
}

function toChoice(choice: NonNullable<Body["function_call"]>): NonNullable<Body["tool_choice"]> {
  return typeof choice === "string" ? choice : { type: "function", function: choice };
}

/** A call of a function has no id: what came of it is the next message. */
function toolMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message, index): ChatMessage => {
    const before = messages[index - 1];
    if (message.role === "function") {
      if (before?.role === "assistant" && before.function_call?.name === message.name) {
        return { role: "tool", tool_call_id: callId(index - 1), content: message.content ?? "" };
      }
      throw new ApiError(
        "invalid_value",
        `A message of the role 'function' must follow the assistant's 'function_call' that it answers. Send the call of '${message.name}' before it.`,
        { param: `messages[${index}].name` },
      );
    }
    if (message.role !== "assistant" || !message.function_call) return message;
    if (messages[index + 1]?.role !== "function") {
      throw new ApiError(
        "invalid_value",
        "An assistant message with 'function_call' must be followed by a message of the role 'function' with what came of it.",
        { param: `messages[${index}].function_call` },
      );
    }
    const { function_call: called, ...said } = message;
    return { ...said, tool_calls: [{ id: callId(index), type: "function", function: called }] };
  });
}

function callId(index: number): string {
  return `call_of_message_${index}`;
}

const legacyNames: readonly (readonly [RegExp, string])[] = [
  [/^tools\[(\d+)\]\.function/, "functions[$1]"],
  [/^tools/, "functions"],
  [/^tool_choice/, "function_call"],
  [/\.tool_calls\[0\](\.function)?/, ".function_call"],
];

/** An error about a request with tools in the words of the one with functions that it was made from. */
export function inLegacyWords(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.param === null) return error;
  const { param } = error;
  const legacy = legacyNames.reduce((name, [tool, functions]) => name.replace(tool, functions), param);
  return legacy === param ? error : error.withWords(error.message.replaceAll(`'${param}'`, `'${legacy}'`), legacy);
}
