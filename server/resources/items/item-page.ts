import type { ItemList, ItemPageQuery } from "@headrace/contract/responses/list-input-items.ts";
import { pageOfAll, toPage } from "../../http/list-page.ts";
import type { NamedItem } from "./assign-ids.ts";
import { toListedItem } from "./listed-item.ts";

/**
 * A page of items that are all at hand.
 * @param items the whole list, oldest first, no id twice.
 * @throws ApiError `invalid_value` where `after` is none of them.
 */
export function pageOfItems(items: readonly NamedItem[], { order = "desc", ...query }: ItemPageQuery): ItemList {
  const page = pageOfAll(items, { ...query, order });
  return { ...page, data: page.data.map((item) => toListedItem(item, query.include)) };
}

/** Items in their order, of which the one behind `limit` only tells that there is more, as a page. */
export function toItemPage(
  items: readonly NamedItem[],
  limit: number,
  { include }: Pick<ItemPageQuery, "include">,
): ItemList {
  const page = toPage(items, limit);
  return { ...page, data: page.data.map((item) => toListedItem(item, include)) };
}
