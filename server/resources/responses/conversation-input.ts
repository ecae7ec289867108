import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { StoredTurn } from "./response-store.ts";

/** An item of the conversation, and where it stands in the caller's request, for messages about it. */
export type PlacedItem = { readonly item: InputItem | OutputItem; readonly place: string };

/** What a caller sent, as items: a plain string is one user message. */
export function inputItemsOf(input: CreateResponseBody["input"]): InputItem[] {
  if (input === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'input'.", { param: "input" });
  }
  if (typeof input !== "string") return input;
  return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
}

/** Everything that was said before, oldest first: of each turn its input, then its output. */
export function historyItems(turns: readonly StoredTurn[]): (InputItem | OutputItem)[] {
  return turns.flatMap((turn) => [...turn.inputItems, ...turn.output]);
}

/** The whole conversation, oldest first. */
export function placedItems(history: readonly StoredTurn[], input: readonly InputItem[]): PlacedItem[] {
  return [
    ...historyItems(history).map((item) => ({ item, place: "previous_response_id" })),
    ...input.map((item, index) => ({ item, place: `input[${index}]` })),
  ];
}
