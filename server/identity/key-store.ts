import type { ProjectScope } from "@headrace/contract/common/operation.ts";
import type { Selectable, SqlBool, Transaction } from "kysely";
import { appendChange } from "../database/change-log-store.ts";
import type { ApiKeysTable, Tables } from "../database/tables.ts";
import { ownerHasAccess } from "./owner-access-store.ts";

/** The change log's topic for keys; the entry's key is the key's id. */
export const keysTopic = "api_keys";

/** A key, and whether its project, its organization and its owner's access are still there. */
export type KeyRow = Selectable<ApiKeysTable> & {
  readonly project_status: "active" | "archived" | null;
  readonly organization_status: "active" | "suspended" | null;
  /** Whether whose key it is can still reach its project. */
  readonly owner_has_access: SqlBool;
};

export type NewKeyRow = {
  readonly id: string;
  readonly kind: KeyRow["kind"];
  readonly organizationId: string | null;
  readonly projectId: string | null;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly redacted: string;
  readonly serviceAccountId?: string;
  readonly userId?: string;
  /** Undefined: all that its kind may do. */
  readonly scopes?: readonly ProjectScope[];
  readonly expiresAt?: Date;
};

const columns = [
  "api_keys.id",
  "api_keys.kind",
  "api_keys.organization_id",
  "api_keys.project_id",
  "api_keys.service_account_id",
  "api_keys.user_id",
  "api_keys.name",
  "api_keys.hash",
  "api_keys.redacted",
  "api_keys.scopes",
  "api_keys.created_at",
  "api_keys.last_used_at",
  "api_keys.expires_at",
  "api_keys.revoked_at",
  "projects.status as project_status",
  "organizations.status as organization_status",
] as const;

const selectKeys = (transaction: Transaction<Tables>) =>
  transaction
    .selectFrom("api_keys")
    .leftJoin("projects", "projects.id", "api_keys.project_id")
    .leftJoin("organizations", "organizations.id", "api_keys.organization_id")
    .select(columns)
    .select(ownerHasAccess.as("owner_has_access"));

/** Adds a key; a key with the same hash stays as it is. */
export async function insertKey(transaction: Transaction<Tables>, key: NewKeyRow): Promise<void> {
  await transaction
    .insertInto("api_keys")
    .values({
      id: key.id,
      kind: key.kind,
      organization_id: key.organizationId,
      project_id: key.projectId,
      name: key.name,
      hash: Buffer.from(key.hash),
      redacted: key.redacted,
      service_account_id: key.serviceAccountId ?? null,
      user_id: key.userId ?? null,
      scopes: key.scopes === undefined ? null : [...key.scopes],
      expires_at: key.expiresAt ?? null,
    })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

/** Every key of the installation; needs the platform's scope. */
export function listKeys(transaction: Transaction<Tables>): Promise<KeyRow[]> {
  return selectKeys(transaction).orderBy("api_keys.created_at").orderBy("api_keys.id").execute();
}

export function findKeys(transaction: Transaction<Tables>, ids: readonly string[]): Promise<KeyRow[]> {
  return selectKeys(transaction).where("api_keys.id", "in", ids).execute();
}

/**
 * Tells every process to look at an organization's keys anew, or at those of one of its projects, because that has
 * changed.
 */
export async function touchKeys(
  transaction: Transaction<Tables>,
  organizationId: string,
  projectId?: string,
): Promise<void> {
  let query = transaction
    .selectFrom("api_keys")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("revoked_at", "is", null);
  if (projectId !== undefined) query = query.where("project_id", "=", projectId);
  const keys = await query.execute();
  for (const { id } of keys) await appendChange(transaction, keysTopic, id);
}

/** @returns whether there was such a key that was not revoked yet. */
export async function revokeKey(transaction: Transaction<Tables>, id: string): Promise<boolean> {
  const result = await transaction
    .updateTable("api_keys")
    .set({ revoked_at: new Date() })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
