import type { Includable } from "@headrace/contract/responses/request.ts";
import type { StoredItem } from "@headrace/contract/responses/stored-items.ts";
import type { NamedItem } from "./assign-ids.ts";
import { withIncluded } from "./included-fields.ts";
import { type KeptItem, kindOf } from "./stored-item.ts";

/** Kinds whose status OpenAI always tells; in what a caller wrote it may be left out. */
const statusTold = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/** Members of a function call's output that a caller may send as null: OpenAI's object has them or leaves them out. */
const leftOutWhereNull = ["call_id", "name", "namespace"];

/** A kept item as lists and retrievals tell it: whole, with its id, and with only what `include` asks for. */
export function toListedItem({ id, item }: NamedItem, include: readonly Includable[] = []): StoredItem {
  const kind = kindOf(item);
  const whole = {
    ...(kind === "function_call_output" ? withoutNulls(item) : item),
    id,
    type: kind,
    ...(kind === "message" ? { content: contentOf(item) } : {}),
    ...(statusTold.has(kind) ? { status: item.status ?? "completed" } : {}),
  };
  return withIncluded(whole, new Set(include)) as unknown as StoredItem;
}

function withoutNulls(item: KeptItem): KeptItem {
  return Object.fromEntries(
    Object.entries(item).filter(([name, value]) => value !== null || !leftOutWhereNull.includes(name)),
  );
}

/** A message's content as parts: a plain text is one, of the kind that its role writes. */
function contentOf({ role, content }: KeptItem): readonly KeptItem[] {
  const isAnswer = role === "assistant";
  if (typeof content === "string") {
    return [isAnswer ? { type: "output_text", text: content, annotations: [] } : { type: "input_text", text: content }];
  }
  return (content as readonly KeptItem[]).map((part) => {
    if (part.type === "output_text") return { annotations: [], ...part };
    if (part.type === "input_image") return { detail: "auto", ...part };
    return part;
  });
}
