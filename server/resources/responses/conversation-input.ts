import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { StoredTurn } from "./response-store.ts";

/** An item of the conversation, and where it stands in the caller's request, for messages about it. */
export type PlacedItem = { readonly item: InputItem | OutputItem; readonly place: string };

/**
 * What a caller sent, as items: a plain string is one user message. What only says that the context is to be compacted
 * is none of them: it is no part of what was said.
 * @throws ApiError `invalid_value` where that does not stand at the end.
 */
export function inputItemsOf(input: CreateResponseBody["input"]): InputItem[] {
  if (input === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'input'.", { param: "input" });
  }
  if (typeof input !== "string") return withoutTrigger(input);
  return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
}

/** Whether a request asks for nothing but the compaction of what was said. */
export function isCompactionRequest({ input }: Pick<CreateResponseBody, "input">): boolean {
  return Array.isArray(input) && input.at(-1)?.type === "compaction_trigger";
}

function withoutTrigger(input: InputItem[]): InputItem[] {
  const first = input.findIndex((item) => item.type === "compaction_trigger");
  if (first < 0) return input;
  if (first === input.length - 1) return input.slice(0, -1);
  throw new ApiError("invalid_value", "The 'compaction_trigger' item must be the final input item.", {
    param: `input[${first}]`,
  });
}

/** Everything that was said before, oldest first: of each turn its input, then its output. */
export function historyItems(turns: readonly StoredTurn[]): (InputItem | OutputItem)[] {
  return turns.flatMap((turn) => [...turn.inputItems, ...turn.output]);
}

/** Everything that is said, oldest first, within a conversation or after an earlier response. */
export function placedItems(
  history: readonly StoredTurn[],
  input: readonly InputItem[],
  conversationId: string | undefined,
): PlacedItem[] {
  const place = conversationId === undefined ? "previous_response_id" : "conversation";
  return [
    ...historyItems(history).map((item) => ({ item, place })),
    ...input.map((item, index) => ({ item, place: `input[${index}]` })),
  ];
}

/** Whether an item was said before, and not by this request. */
export function isHistory({ place }: PlacedItem): boolean {
  return place === "previous_response_id" || place === "conversation";
}
