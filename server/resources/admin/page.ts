import type { PageBounds } from "../../database/page-store.ts";

/** Rows, of which the last may only tell that there is more, as a page of objects. */
export function toPage<Row, Element extends { readonly id: string }>(
  rows: readonly Row[],
  { rowsMax }: PageBounds,
  toObject: (row: Row) => Element,
) {
  const data = rows.slice(0, rowsMax - 1).map(toObject);
  return {
    object: "list" as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rows.length === rowsMax,
  };
}

/** Unix seconds. */
export function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

export function secondsOrNull(date: Date | null): number | null {
  return date === null ? null : seconds(date);
}
