import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";

type Named = { readonly id: string };

/** A page as the API shows it. */
export function pageObject<Element extends Named>(data: Element[], hasMore: boolean) {
  return {
    object: "list" as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

/** Objects, of which the one behind `limit` only tells that there is more, as a page. */
export function toPage<Element extends Named>(objects: readonly Element[], limit: number) {
  return pageObject(objects.slice(0, limit), objects.length > limit);
}

/**
 * A page of a list that is all at hand.
 * @param all oldest first, no id twice.
 * @throws ApiError `invalid_value` where `after` is none of them.
 */
export function pageOfAll<Element extends Named>(
  all: readonly Element[],
  query: { readonly after?: string | undefined; readonly limit?: number | undefined; readonly order: "asc" | "desc" },
) {
  const { after, limit = pageObjectsDefault, order } = query;
  const ordered = order === "desc" ? all.toReversed() : all;
  const place = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && place === -1) throw unknownCursor(after);
  return toPage(ordered.slice(place + 1, place + 2 + limit), limit);
}

export function unknownCursor(after: string): ApiError {
  return new ApiError("invalid_value", `There is no object '${after}' in this list to go on after.`, {
    param: "after",
  });
}
