import { ApiError } from "@headrace/contract/common/errors.ts";
import { asRecord, type Fields, refuse } from "../request-fields.ts";
import { type PastCall, parsePastCalls } from "./tool.ts";

export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly calls: readonly PastCall[] }
  /** What came of a call. */
  | { readonly role: "tool"; readonly content: string; readonly call: PastCall };

/** Reads `messages`. Throws ApiErrors, also where calls and what came of them don't fit together. */
export function parseMessages(fields: Fields): ChatMessage[] {
  const { messages } = fields;
  if (!Array.isArray(messages) || messages.length === 0) throw refuse("messages", "must be a list with a message");
  const open = new Map<string, PastCall>();
  const parsed = messages.map((message: unknown, index) => {
    const at = `messages[${index}]`;
    const fields = asRecord(message, at);
    if (fields.role === "tool") return parseToolMessage(fields, open, at);
    checkAnswered(open);
    const one = parseMessage(fields, at);
    if (one.role === "assistant") for (const call of one.calls) open.set(call.id, call);
    return one;
  });
  checkAnswered(open);
  return parsed;
}

function parseMessage(fields: Fields, at: string): ChatMessage {
  const { role, content } = fields;
  if (role === "developer" || role === "system") return { role: "system", content: textOf(content, at) };
  if (role === "user") return { role, content: textOf(content, at) };
  if (role !== "assistant") throw refuse(`${at}.role`, "must be system, developer, user, assistant or tool");
  const calls = parsePastCalls(fields.tool_calls, at);
  return { role, calls, content: content == null && calls.length > 0 ? "" : textOf(content, at) };
}

function parseToolMessage(fields: Fields, open: Map<string, PastCall>, at: string): ChatMessage {
  const callId = fields.tool_call_id;
  if (typeof callId !== "string") throw refuse(`${at}.tool_call_id`, "must be a string");
  const call = open.get(callId);
  if (call === undefined)
    throw refuse(
      `${at}.tool_call_id`,
      `is '${callId}', which no 'tool_calls' of the assistant's message before it has`,
    );
  open.delete(callId);
  return { role: "tool", content: textOf(fields.content, at), call };
}

/** In OpenAI's words. */
function checkAnswered(open: ReadonlyMap<string, PastCall>): void {
  if (open.size === 0) return;
  throw new ApiError(
    "invalid_value",
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The " +
      `following tool_call_ids did not have response messages: ${[...open.keys()].join(", ")}`,
    { param: "messages" },
  );
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
