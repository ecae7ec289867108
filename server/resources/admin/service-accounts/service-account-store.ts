import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Selectable, Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../../../database/page-store.ts";
import type { ServiceAccountsTable, Tables } from "../../../database/tables.ts";

export type ServiceAccountRow = Selectable<ServiceAccountsTable>;

/** Where a service account lives. */
export type AccountPlace = { readonly organizationId: string; readonly projectId: string };

const columns = ["id", "organization_id", "project_id", "name", "role", "created_at"] as const;

const selectAccounts = (transaction: Transaction<Tables>, { organizationId, projectId }: AccountPlace) =>
  transaction
    .selectFrom("service_accounts")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where("project_id", "=", projectId);

export async function pageOfServiceAccounts(
  transaction: Transaction<Tables>,
  place: AccountPlace,
  request: PageRequest,
): Promise<{ rows: ServiceAccountRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(
    transaction,
    "service_accounts",
    { organization_id: place.organizationId, project_id: place.projectId },
    request,
  );
  const rows = await selectAccounts(transaction, place)
    .where(bounds.where)
    .orderBy("created_at", bounds.order)
    .orderBy("id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for an id that is unknown, or of another project. */
export async function requireServiceAccount(
  transaction: Transaction<Tables>,
  place: AccountPlace,
  id: string,
): Promise<ServiceAccountRow> {
  const row = await selectAccounts(transaction, place).where("id", "=", id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no service account '${id}'.`, { param: "service_account_id" });
}

export function insertServiceAccount(
  transaction: Transaction<Tables>,
  place: AccountPlace,
  account: { readonly id: string; readonly name: string; readonly role: ServiceAccountRow["role"] },
): Promise<ServiceAccountRow> {
  return transaction
    .insertInto("service_accounts")
    .values({ ...account, organization_id: place.organizationId, project_id: place.projectId })
    .returning(columns)
    .executeTakeFirstOrThrow();
}

export function updateServiceAccountRow(
  transaction: Transaction<Tables>,
  { id, organization_id }: ServiceAccountRow,
  change: Pick<ServiceAccountRow, "name" | "role">,
): Promise<ServiceAccountRow> {
  return transaction
    .updateTable("service_accounts")
    .set(change)
    .where("id", "=", id)
    .where("organization_id", "=", organization_id)
    .returning(columns)
    .executeTakeFirstOrThrow();
}

/** Deletes an account; its keys stay, without an owner, for whoever reads the past. */
export async function deleteServiceAccountRow(
  transaction: Transaction<Tables>,
  { id, organization_id }: ServiceAccountRow,
): Promise<void> {
  await transaction
    .deleteFrom("service_accounts")
    .where("id", "=", id)
    .where("organization_id", "=", organization_id)
    .execute();
}

/** The ids of an account's keys that are not revoked. */
export async function keysOfServiceAccount(
  transaction: Transaction<Tables>,
  { id, organization_id }: ServiceAccountRow,
): Promise<string[]> {
  const rows = await transaction
    .selectFrom("api_keys")
    .select("id")
    .where("organization_id", "=", organization_id)
    .where("service_account_id", "=", id)
    .where("revoked_at", "is", null)
    .execute();
  return rows.map((row) => row.id);
}
