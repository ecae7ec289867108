import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../../database/tables.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { kindOf, type NamedItem } from "../items/index.ts";
import { insertItems, knownIds } from "./item-store.ts";

/** What a response is told to do, and nothing that a conversation could hold. */
const instructions = new Set(["item_reference", "compaction_trigger"]);

/** @throws ApiError `unsupported_value` for an item that is none to be kept. */
export function refuseInstructions(items: readonly InputItem[]): void {
  for (const [index, item] of items.entries()) {
    const kind = kindOf(item);
    if (!instructions.has(kind)) continue;
    throw new ApiError(
      "unsupported_value",
      `An item of type '${kind}' can't be kept in a conversation. Send the item itself.`,
      { param: `items[${index}]` },
    );
  }
}

/**
 * Adds what a caller sent to the end of a conversation.
 * @throws ApiError `invalid_value` where an item brings along an id that the conversation, or the request, has already.
 */
export async function addItems(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  items: readonly InputItem[],
  seed: string,
): Promise<NamedItem[]> {
  await refuseDoubled(transaction, principal, conversationId, { items, param: "items" });
  const place = { conversationId, responseId: null, isOutput: false };
  return insertItems(transaction, principal, place, items, seed);
}

/** `param` is where the request has the items. */
export async function refuseDoubled(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  { items, param }: { readonly items: readonly InputItem[]; readonly param: string },
): Promise<void> {
  const known = new Set(await knownIds(transaction, principal, conversationId, items));
  for (const { id } of items) {
    if (typeof id !== "string") continue;
    if (known.has(id)) {
      throw new ApiError(
        "invalid_value",
        `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
        { param },
      );
    }
    known.add(id);
  }
}
