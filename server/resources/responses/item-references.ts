import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { historyItems } from "./conversation-input.ts";
import type { ResponseItemStore } from "./response-item-store.ts";
import type { StoredTurn } from "./response-store.ts";

/**
 * The input with each reference replaced by the item that it names, of this chain or of another response of the project.
 * @throws ApiError `not_found` for an unknown item, and in the same words for another project's.
 */
export async function resolveReferences(
  store: Pick<ResponseItemStore, "find">,
  principal: ProjectPrincipal,
  history: readonly StoredTurn[],
  input: readonly InputItem[],
): Promise<InputItem[]> {
  const known = new Map<string, InputItem | OutputItem>();
  for (const item of [...historyItems(history), ...input]) {
    if (!isReference(item) && "id" in item && typeof item.id === "string") known.set(item.id, item);
  }
  const resolved: InputItem[] = [];
  for (const [index, item] of input.entries()) {
    if (!isReference(item)) {
      resolved.push(item);
      continue;
    }
    const found = known.get(item.id) ?? (await store.find(principal, item.id));
    if (found === undefined) throw itemNotFound(item.id, `input[${index}].id`);
    known.set(item.id, found);
    // What a model put out can be put in again: the output items are input items with all their fields there.
    resolved.push(found as InputItem);
  }
  return resolved;
}

type Reference = Extract<InputItem, { type?: "item_reference" | null }> & { readonly id: string };

function isReference(item: InputItem | OutputItem): item is Reference {
  return item.type === "item_reference" || ((item.type ?? undefined) === undefined && !("role" in item));
}

function itemNotFound(id: string, param: string): ApiError {
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;
  return new ApiError("not_found", message, { param });
}
