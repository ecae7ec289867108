import type { TwoWayPageQuery } from "@headrace/contract/admin/pagination.ts";
import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { pageObject } from "../../http/list-page.ts";

/**
 * The page of a list that is all in memory: what follows `after` and stands before `before`, the nearest first to the
 * cursor that is given, to `after` where both are.
 * @throws ApiError `invalid_value` for a cursor that is not in the list.
 */
export function pageOfList<Element extends { readonly id: string }>(
  elements: readonly Element[],
  { after, before, limit = pageObjectsDefault }: TwoWayPageQuery,
) {
  const start = after === undefined ? 0 : indexOf(elements, after, "after") + 1;
  const end = before === undefined ? elements.length : indexOf(elements, before, "before");
  const wanted = elements.slice(start, Math.max(start, end));
  const data = before !== undefined && after === undefined ? wanted.slice(-limit) : wanted.slice(0, limit);
  return pageObject(data, data.length < wanted.length);
}

function indexOf(elements: readonly { readonly id: string }[], id: string, param: "after" | "before"): number {
  const index = elements.findIndex((element) => element.id === id);
  if (index !== -1) return index;
  throw new ApiError("invalid_value", `There is no object '${id}' in this list to go on ${param}.`, { param });
}
