import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { type RawBuilder, type SqlBool, sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** Which part of a list is wanted. */
export type PageRequest = {
  /** The id of the object after which the page begins. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly order?: "asc" | "desc" | undefined;
};

/** Tables that are read in pages. */
type PagedTable =
  | "organizations"
  | "projects"
  | "api_keys"
  | "service_accounts"
  | "chat_completions"
  | "invites"
  | "organization_members"
  | "project_members";

/** What identifies a row in its list, where it is not `id`. */
const cursorColumns: Partial<Record<PagedTable, string>> = {
  organization_members: "user_id",
  project_members: "user_id",
};

/** A page's bounds for a table that is read in the order in which its rows were made. */
export type PageBounds = {
  readonly order: "asc" | "desc";
  /** One more than the page holds, which tells whether there is more. */
  readonly rowsMax: number;
  readonly where: RawBuilder<SqlBool>;
};

/**
 * Turns a page request into bounds. A cursor of another list is as unknown as one that never was.
 * @param list what all rows of the list have in common, by column
 * @throws ApiError `invalid_value` for an unknown cursor.
 */
export async function pageBounds(
  transaction: Transaction<Tables>,
  table: PagedTable,
  list: Readonly<Record<string, string | null>>,
  { after, limit, order = "asc" }: PageRequest,
): Promise<PageBounds> {
  const rowsMax = (limit ?? pageObjectsDefault) + 1;
  if (after === undefined) return { order, rowsMax, where: sql<SqlBool>`true` };
  const name = cursorColumns[table] ?? "id";
  const ofList = Object.entries(list).map(([column, value]) => sql`${sql.ref(column)} is not distinct from ${value}`);
  const isCursor = sql.join([sql`${sql.ref(name)} = ${after}`, ...ofList], sql` and `);
  const place = sql`select created_at, ${sql.ref(name)} from ${sql.table(table)} where ${isCursor}`;
  const known = await place.execute(transaction);
  if (known.rows.length === 0) {
    throw new ApiError("invalid_value", `There is no object '${after}' in this list to go on after.`, {
      param: "after",
    });
  }
  const comparison = order === "asc" ? sql`>` : sql`<`;
  const columns = sql`${sql.ref(`${table}.created_at`)}, ${sql.ref(`${table}.${name}`)}`;
  return { order, rowsMax, where: sql<SqlBool>`(${columns}) ${comparison} (${place})` };
}
