import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ItemList, ItemPageQuery } from "@headrace/contract/responses/list-input-items.ts";
import type { NamedItem } from "./assign-ids.ts";
import { toListedItem } from "./listed-item.ts";

/**
 * A page of items that are all at hand.
 * @param items the whole list, oldest first, no id twice.
 * @throws ApiError `invalid_value` where `after` is none of them.
 */
export function pageOfItems(items: readonly NamedItem[], query: ItemPageQuery): ItemList {
  const { after, limit = pageObjectsDefault, order = "desc" } = query;
  const ordered = order === "desc" ? items.toReversed() : items;
  const place = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && place === -1) throw unknownCursor(after);
  return toItemPage(ordered.slice(place + 1, place + 2 + limit), limit, query);
}

/** Items in their order, of which the one behind `limit` only tells that there is more, as a page. */
export function toItemPage(
  items: readonly NamedItem[],
  limit: number,
  { include }: Pick<ItemPageQuery, "include">,
): ItemList {
  const data = items.slice(0, limit).map((item) => toListedItem(item, include));
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: items.length > limit,
  };
}

export function unknownCursor(after: string): ApiError {
  return new ApiError("invalid_value", `There is no item '${after}' in this list to go on after.`, { param: "after" });
}
