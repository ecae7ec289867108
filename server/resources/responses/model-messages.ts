import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ModelCall, ModelMessage, TextPart } from "../../ports/model-request.ts";
import type { PlacedItem } from "./conversation-input.ts";
import { toTextParts, toUserParts } from "./model-parts.ts";

type Item = PlacedItem["item"];
type Assistant = { place: string; content: TextPart[]; calls: ModelCall[]; reasoning: string };
type ToolMessage = Extract<ModelMessage, { role: "tool" }>;

export type ModelMessagesOptions = {
  /** The model's own thinking of an item, opened where it is sealed; "" where there is none that it could read. */
  readonly reasoningOf: (placed: PlacedItem) => string;
  /** Whether thinking of turns before the last user message is told as well. */
  readonly allReasoning: boolean;
};

/**
 * The conversation as a model's messages. Items of one turn make up one message of the assistant, and the outputs of its
 * calls stand right behind it, whatever stood between them. Calls and outputs have to fit together, see `checkCalls`.
 * @throws ApiError `unsupported_modality` or `unsupported_parameter`, with the item's place, for what it can't be told.
 */
export function toModelMessages(items: readonly PlacedItem[], options: ModelMessagesOptions): ModelMessage[] {
  const outputs = new Map(items.flatMap((placed) => toolMessagesOf(placed)));
  const currentTurn = options.allReasoning ? -1 : items.findLastIndex(({ item }) => isUserMessage(item));
  const messages: ModelMessage[] = [];
  let open: Assistant | undefined;
  const close = (): void => {
    if (open === undefined) return;
    if (open.content.length > 0 || open.calls.length > 0) messages.push({ role: "assistant", ...open });
    for (const { callId, tool } of open.calls) {
      const output = outputs.get(outputKey(tool, callId));
      if (output !== undefined) messages.push(output);
    }
    open = undefined;
  };
  // Two answers in a row are two messages; what follows calls without their outputs belongs to them.
  const closeAnswer = (): void => {
    if (open !== undefined && open.content.length > 0 && open.calls.length === 0) close();
  };
  const assistant = (place: string): Assistant => {
    open ??= { place, content: [], calls: [], reasoning: "" };
    return open;
  };
  for (const [index, placed] of items.entries()) {
    const { item, place } = placed;
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      assistant(place).calls.push(toCall(item));
    } else if (item.type === "function_call_output" || item.type === "custom_tool_call_output") {
      close();
    } else if (item.type === "reasoning") {
      const text = options.reasoningOf(placed);
      closeAnswer();
      if (index > currentTurn) assistant(place).reasoning += text;
    } else if ("role" in item && "content" in item) {
      if (item.role !== "assistant") {
        close();
        messages.push(toPrompt(item.role as "user" | "system" | "developer", item.content, place));
        continue;
      }
      closeAnswer();
      assistant(place).content.push(...toTextParts(item.content, `${place}.content`, "an assistant's message"));
    } else {
      throw cantBeTold(item, place);
    }
  }
  close();
  return messages;
}

function isUserMessage(item: Item): boolean {
  return "role" in item && item.role === "user";
}

function toPrompt(role: "user" | "system" | "developer", content: unknown, place: string): ModelMessage {
  if (role === "user") return { role, place, content: toUserParts(content, `${place}.content`) };
  return { role, place, content: toTextParts(content, `${place}.content`, `a ${role}'s message`) };
}

function toCall(item: Extract<Item, { type: "function_call" | "custom_tool_call" }>): ModelCall {
  const { call_id: callId, name } = item;
  return item.type === "function_call"
    ? { tool: "function", callId, name, input: item.arguments }
    : { tool: "custom", callId, name, input: item.input };
}

function toolMessagesOf({ item, place }: PlacedItem): [string, ToolMessage][] {
  if (item.type !== "function_call_output" && item.type !== "custom_tool_call_output") return [];
  const callId = item.call_id ?? "";
  const content = toTextParts(item.output, `${place}.output`, "a tool's output");
  const tool = item.type === "function_call_output" ? "function" : "custom";
  return [[outputKey(tool, callId), { role: "tool", place, callId, content }]];
}

function outputKey(tool: ModelCall["tool"], callId: string): string {
  return `${tool} ${callId}`;
}

function cantBeTold(item: Item, place: string): ApiError {
  const message = `This model can't be told of an item of type '${item.type ?? "item_reference"}': leave it out, or choose a model that speaks Responses.`;
  return new ApiError("unsupported_parameter", message, { param: place });
}
