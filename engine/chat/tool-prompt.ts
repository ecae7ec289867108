import type { ChatMessage } from "./chat-message.ts";
import type { PastCall, Tool } from "./tool.ts";
import { customHead } from "./tool-syntax.ts";

/** A message as chat templates read it. */
export type TemplateMessage = Readonly<Record<string, unknown>> & { readonly role: string; readonly content: string };

/** A tool as chat templates read it: all of them know functions, and none a tool that takes plain text. */
export function templateTool(tool: Tool): object {
  const { name, description } = tool;
  if (tool.kind === "function") {
    // Templates write a key without a value as null, which no model was taught.
    const described = description === undefined ? { name } : { name, description };
    return { type: "function", function: { ...described, parameters: tool.parameters ?? { type: "object" } } };
  }
  const format =
    tool.format.kind === "text" ? "" : ` The input matches this ${tool.format.kind}: ${tool.format.definition}`;
  const how = `To call it, write ${customHead(name).trimEnd()} and then its input on the lines below, as it is.${format}`;
  return { type: "function", function: { name, description: [description, how].filter(Boolean).join("\n") } };
}

/**
 * For a chat template that knows tools.
 * @param isOneCall the template takes one call in a message, and no words beside it.
 */
export function messagesForTemplate(messages: readonly ChatMessage[], isOneCall: boolean): TemplateMessage[] {
  return (isOneCall ? oneCallAtATime(messages) : messages).map((message) => {
    const { role, content } = message;
    if (role === "tool") return { role, content, name: message.call.name, tool_call_id: message.call.id };
    if (role !== "assistant" || message.calls.length === 0) return { role, content };
    const calls = message.calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: argumentsOf(call) },
    }));
    return { role, content, tool_calls: calls };
  });
}

/** The same conversation as if each call had been made, and answered, before the next one. */
function oneCallAtATime(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.flatMap((message, index) => {
    // What came of a call is put behind it.
    if (message.role === "tool") return [];
    if (message.role !== "assistant" || message.calls.length === 0) return [message];
    const { role, content, calls } = message;
    const said: ChatMessage[] = content === "" ? [] : [{ role, content, calls: [] }];
    const called = calls.flatMap((call): ChatMessage[] => [
      { role, content: "", calls: [call] },
      ...outcomesAfter(messages, index).filter((outcome) => outcome.call.id === call.id),
    ]);
    return [...said, ...called];
  });
}

/** What came of the calls of the message at `index`: no other message stands between. */
function outcomesAfter(messages: readonly ChatMessage[], index: number): (ChatMessage & { role: "tool" })[] {
  const after = messages.slice(index + 1);
  const end = after.findIndex(({ role }) => role !== "tool");
  return after.slice(0, end < 0 ? after.length : end).filter((message) => message.role === "tool");
}

/**
 * For a chat template that knows no tools: they are told in the words of NousResearch/Hermes-Function-Calling, which
 * Qwen's templates have as well.
 */
export function messagesInWords(messages: readonly ChatMessage[], tools: readonly Tool[]): TemplateMessage[] {
  const inWords = messages.map((message): TemplateMessage => {
    const { role, content } = message;
    if (role === "tool") return { role: "user", content: `<tool_response>\n${content}\n</tool_response>` };
    if (role !== "assistant") return { role, content };
    return { role, content: [content, ...message.calls.map(callInWords)].filter(Boolean).join("\n") };
  });
  if (tools.length === 0) return inWords;
  const [first, ...others] = inWords;
  const isSystem = first?.role === "system";
  const system = [isSystem ? first.content : "You are a helpful assistant.", toolsInWords(tools)].join("\n\n");
  return [{ role: "system", content: system }, ...(isSystem ? others : inWords)];
}

function toolsInWords(tools: readonly Tool[]): string {
  return `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${tools.map((tool) => JSON.stringify(templateTool(tool))).join("\n")}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
}

function callInWords(call: PastCall): string {
  const { name, input, kind } = call;
  const written = kind === "custom" ? customHead(name) + input : `{"name": "${name}", "arguments": ${input}}`;
  return `<tool_call>\n${written}\n</tool_call>`;
}

/** Templates write arguments as JSON; what is none, which a caller may send, stays a text. */
function argumentsOf({ input, kind }: PastCall): unknown {
  if (kind === "custom") return { input };
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
