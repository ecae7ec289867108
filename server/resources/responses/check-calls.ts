import { ApiError } from "@headrace/contract/common/errors.ts";
import type { PlacedItem } from "./conversation-input.ts";

const outputTypeOf = {
  function_call: "function_call_output",
  custom_tool_call: "custom_tool_call_output",
} as const;

type CallType = keyof typeof outputTypeOf;

/** What the messages call the two kinds, as OpenAI's do. */
const words = { function_call: "function call", custom_tool_call: "custom tool call" } as const;

/**
 * Refuses a conversation whose calls and outputs don't fit together, which no model can continue.
 * @throws ApiError `invalid_value` for a call without an output, an output without a call, and a call id that stands
 * twice; `missing_required_parameter` for an output that doesn't say whose it is.
 */
export function checkCalls(items: readonly PlacedItem[]): void {
  const open = new Map<string, { readonly type: CallType; readonly place: string }>();
  const known = new Set<string>();
  for (const { item, place } of items) {
    const param = `${place}.call_id`;
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      const id = `${item.type} ${item.call_id}`;
      if (known.has(id))
        throw invalid(`There is another ${words[item.type]} with the call_id '${item.call_id}'.`, param);
      known.add(id);
      open.set(id, { type: item.type, place });
      continue;
    }
    const type = callTypeOf(item.type);
    if (type === undefined || !("output" in item)) continue;
    const callId = "call_id" in item ? item.call_id : undefined;
    if (typeof callId !== "string") {
      throw new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
    }
    if (open.delete(`${type} ${callId}`)) continue;
    const what = known.has(`${type} ${callId}`) ? "Another output was given already" : "No tool call found";
    throw invalid(`${what} for ${words[type]} output with call_id ${callId}.`, param);
  }
  for (const [id, { type, place }] of open) {
    throw invalid(`No tool output found for ${words[type]} ${id.slice(type.length + 1)}.`, place);
  }
}

function callTypeOf(type: string | null | undefined): CallType | undefined {
  if (type === outputTypeOf.function_call) return "function_call";
  return type === outputTypeOf.custom_tool_call ? "custom_tool_call" : undefined;
}

function invalid(message: string, param: string): ApiError {
  return new ApiError("invalid_value", message, { param });
}
