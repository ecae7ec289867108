import { ApiError } from "@headrace/contract/common/errors.ts";
import { type Selectable, type SqlBool, sql, type Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../database/page-store.ts";
import type { ApiKeysTable, Tables } from "../database/tables.ts";

export type OperatorKeyRow = Pick<
  Selectable<ApiKeysTable>,
  "id" | "name" | "redacted" | "created_at" | "expires_at" | "last_used_at"
>;

const isListed = sql<SqlBool>`kind = 'operator' and revoked_at is null`;

const selectKeys = (transaction: Transaction<Tables>) =>
  transaction
    .selectFrom("api_keys")
    .select(["id", "name", "redacted", "created_at", "expires_at", "last_used_at"])
    .where(isListed);

/** Needs the platform's scope, as all of these. */
export async function pageOfOperatorKeys(
  transaction: Transaction<Tables>,
  request: PageRequest,
): Promise<{ rows: OperatorKeyRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "api_keys", { kind: "operator" }, request);
  const rows = await selectKeys(transaction)
    .where(bounds.where)
    .orderBy("created_at", bounds.order)
    .orderBy("id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for an id that is unknown, revoked or no operator's. */
export async function requireOperatorKey(transaction: Transaction<Tables>, id: string): Promise<OperatorKeyRow> {
  const row = await selectKeys(transaction).where("id", "=", id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no operator key '${id}'.`, { param: "key_id" });
}
