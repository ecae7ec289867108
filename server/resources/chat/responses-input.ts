import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";

type Message = CreateChatCompletionBody["messages"][number];
type Content = Exclude<Extract<Message, { role: "user" }>["content"], string>[number];
type ToolCall = NonNullable<Extract<Message, { role: "assistant" }>["tool_calls"]>[number];

/** A chat's messages as the items of a response's input. */
export function toInputItems(messages: CreateChatCompletionBody["messages"]): InputItem[] {
  const customCallIds = new Set<string>();
  return messages.flatMap((message): InputItem[] => {
    switch (message.role) {
      case "assistant": {
        const calls = message.tool_calls ?? [];
        for (const call of calls) if (call.type === "custom") customCallIds.add(call.id);
        return [...toAnswer(message), ...calls.map(toCall)];
      }
      case "tool": {
        const type = customCallIds.has(message.tool_call_id) ? "custom_tool_call_output" : "function_call_output";
        return [{ type, call_id: message.tool_call_id, output: toParts(message.content) }];
      }
      case "function":
        throw new Error("The rules of this lane let no function message through.");
      default:
        return [{ type: "message", role: message.role, content: toParts(message.content) }];
    }
  });
}

function toParts(content: string | readonly Content[]) {
  return typeof content === "string" ? content : content.map(toPart);
}

function toPart(part: Content) {
  const mark = part.prompt_cache_breakpoint ? { prompt_cache_breakpoint: part.prompt_cache_breakpoint } : {};
  switch (part.type) {
    case "text":
      return { type: "input_text" as const, text: part.text, ...mark };
    case "image_url":
      return {
        type: "input_image" as const,
        image_url: part.image_url.url,
        detail: part.image_url.detail ?? ("auto" as const),
        ...mark,
      };
    case "file":
      return {
        type: "input_file" as const,
        file_data: part.file.file_data,
        filename: part.file.filename,
        ...mark,
      };
    case "input_audio":
      throw new Error("The rules of this lane let no audio through.");
  }
}

function toAnswer({ content, refusal }: Extract<Message, { role: "assistant" }>): InputItem[] {
  const given = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? []);
  const refused = refusal ? [{ type: "refusal" as const, refusal }] : [];
  const parts = [...given, ...refused].map((part) =>
    part.type === "text" ? { type: "output_text" as const, text: part.text, annotations: [] } : part,
  );
  return parts.length === 0 ? [] : [{ type: "message", role: "assistant", content: parts }];
}

function toCall(call: ToolCall): InputItem {
  const { id: call_id } = call;
  return call.type === "function"
    ? { type: "function_call", call_id, ...call.function }
    : { type: "custom_tool_call", call_id, ...call.custom };
}
