import type { PageBounds } from "../../database/page-store.ts";
import { toPage as listPage } from "../../http/list-page.ts";

/** Rows, of which the last may only tell that there is more, as a page of objects. */
export function toPage<Row, Element extends { readonly id: string }>(
  rows: readonly Row[],
  { rowsMax }: PageBounds,
  toObject: (row: Row) => Element,
) {
  return listPage(rows.map(toObject), rowsMax - 1);
}

/** Unix seconds. */
export function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

export function secondsOrNull(date: Date | null): number | null {
  return date === null ? null : seconds(date);
}
