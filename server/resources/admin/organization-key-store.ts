import { ApiError } from "@headrace/contract/common/errors.ts";
import type { KeyScope } from "@headrace/contract/common/operation.ts";
import type { Selectable, SqlBool, Transaction } from "kysely";
import { appendChange } from "../../database/change-log-store.ts";
import { type PageBounds, type PageRequest, pageBounds } from "../../database/page-store.ts";
import type { ApiKeysTable, Tables } from "../../database/tables.ts";
import { keysTopic } from "../../identity/key-store.ts";
import { ownerHasAccess } from "../../identity/owner-access-store.ts";

/** A key as its organization sees it, with its service account or its user where it has one. */
export type OrganizationKeyRow = Omit<Selectable<ApiKeysTable>, "hash" | "revoked_at"> & {
  readonly account_name: string | null;
  readonly account_role: string | null;
  readonly account_created_at: Date | null;
  readonly user_email: string | null;
  readonly user_name: string | null;
  readonly user_role: string | null;
  readonly user_added_at: Date | null;
  readonly owner_has_access: SqlBool;
};

/** Which keys: the organization's own, or a project's. */
export type KeyOwner = { readonly organizationId: string; readonly projectId: string | null };

const selectKeys = (transaction: Transaction<Tables>, { organizationId, projectId }: KeyOwner) =>
  transaction
    .selectFrom("api_keys")
    .leftJoin("service_accounts as account", "account.id", "api_keys.service_account_id")
    .leftJoin("organization_members as person", (join) =>
      join
        .onRef("person.organization_id", "=", "api_keys.organization_id")
        .onRef("person.user_id", "=", "api_keys.user_id"),
    )
    .leftJoin("project_members as membership", (join) =>
      join
        .onRef("membership.project_id", "=", "api_keys.project_id")
        .onRef("membership.user_id", "=", "api_keys.user_id"),
    )
    .select(({ fn }) => [
      "api_keys.id",
      "api_keys.kind",
      "api_keys.organization_id",
      "api_keys.project_id",
      "api_keys.service_account_id",
      "api_keys.user_id",
      "api_keys.name",
      "api_keys.redacted",
      "api_keys.scopes",
      "api_keys.allowed_models",
      "api_keys.allowed_addresses",
      "api_keys.replaced_by",
      "api_keys.created_at",
      "api_keys.last_used_at",
      "api_keys.expires_at",
      "account.name as account_name",
      "account.role as account_role",
      "account.created_at as account_created_at",
      "person.email as user_email",
      "person.name as user_name",
      "person.created_at as user_added_at",
      fn.coalesce("membership.role", "person.role").as("user_role"),
      ownerHasAccess.as("owner_has_access"),
    ])
    .where("api_keys.organization_id", "=", organizationId)
    .where("api_keys.project_id", projectId === null ? "is" : "=", projectId)
    .where("api_keys.revoked_at", "is", null);

export async function pageOfKeys(
  transaction: Transaction<Tables>,
  owner: KeyOwner,
  { access = "any", ...request }: PageRequest & { readonly access?: "active" | "inactive" | "any" | undefined },
): Promise<{ rows: OrganizationKeyRow[]; bounds: PageBounds }> {
  const list = { organization_id: owner.organizationId, project_id: owner.projectId };
  const bounds = await pageBounds(transaction, "api_keys", list, request);
  let query = selectKeys(transaction, owner).where(bounds.where);
  if (access !== "any") query = query.where(ownerHasAccess, "=", access === "active");
  const rows = await query
    .orderBy("api_keys.created_at", bounds.order)
    .orderBy("api_keys.id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for an id that is unknown, revoked or another owner's. */
export async function requireKey(
  transaction: Transaction<Tables>,
  owner: KeyOwner,
  id: string,
): Promise<OrganizationKeyRow> {
  const row = await selectKeys(transaction, owner).where("api_keys.id", "=", id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no API key '${id}'.`, {
    param: owner.projectId === null ? "key_id" : "api_key_id",
  });
}

/**
 * A key, held until the transaction ends, so that two that change it come one after the other.
 * @throws ApiError `not_found`, as `requireKey` does.
 */
export async function lockKey(
  transaction: Transaction<Tables>,
  owner: KeyOwner,
  id: string,
): Promise<OrganizationKeyRow> {
  await transaction
    .selectFrom("api_keys")
    .select("id")
    .where("id", "=", id)
    .where("organization_id", "=", owner.organizationId)
    .forUpdate()
    .execute();
  return requireKey(transaction, owner, id);
}

/** What can be changed of a key; what is undefined stays, null lifts a bound. */
export type KeyChange = {
  readonly scopes?: readonly KeyScope[] | null | undefined;
  readonly models?: readonly string[] | null | undefined;
  readonly addresses?: readonly string[] | null | undefined;
  readonly expiresAt?: Date | undefined;
  readonly replacedBy?: string | undefined;
};

export async function updateKey(
  transaction: Transaction<Tables>,
  { organizationId }: KeyOwner,
  id: string,
  change: KeyChange,
): Promise<void> {
  const { scopes, models, addresses, expiresAt, replacedBy } = change;
  await transaction
    .updateTable("api_keys")
    .set({
      ...(scopes === undefined ? {} : { scopes: scopes && [...scopes] }),
      ...(models === undefined ? {} : { allowed_models: models && [...models] }),
      ...(addresses === undefined ? {} : { allowed_addresses: addresses && [...addresses] }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      ...(replacedBy === undefined ? {} : { replaced_by: replacedBy }),
    })
    .where("id", "=", id)
    .where("organization_id", "=", organizationId)
    .execute();
  await appendChange(transaction, keysTopic, id);
}

export async function revokeKeys(
  transaction: Transaction<Tables>,
  { organizationId }: KeyOwner,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await transaction
    .updateTable("api_keys")
    .set({ revoked_at: new Date() })
    .where("organization_id", "=", organizationId)
    .where("id", "in", ids)
    .execute();
  for (const id of ids) await appendChange(transaction, keysTopic, id);
}
