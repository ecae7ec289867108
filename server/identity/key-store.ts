import type { KeyScope } from "@headrace/contract/common/operation.ts";
import type { Selectable, Transaction } from "kysely";
import type { ApiKeysTable, Tables } from "../database/tables.ts";

/** The change log's topic for keys; the entry's key is the key's id. */
export const keysTopic = "api_keys";

export type KeyRow = Selectable<ApiKeysTable>;

export type NewKeyRow = {
  readonly id: string;
  readonly kind: KeyRow["kind"];
  readonly organizationId: string | null;
  readonly projectId: string | null;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly redacted: string;
  readonly serviceAccountId?: string;
  /** Undefined: all that its kind may do. */
  readonly scopes?: readonly KeyScope[];
  readonly expiresAt?: Date;
};

const columns = [
  "id",
  "kind",
  "organization_id",
  "project_id",
  "service_account_id",
  "name",
  "hash",
  "redacted",
  "scopes",
  "created_at",
  "last_used_at",
  "expires_at",
  "revoked_at",
] as const;

const selectKeys = (transaction: Transaction<Tables>) => transaction.selectFrom("api_keys").select(columns);

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
      scopes: key.scopes === undefined ? null : [...key.scopes],
      expires_at: key.expiresAt ?? null,
    })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

/** Every key of the installation; needs the platform's scope. */
export function listKeys(transaction: Transaction<Tables>): Promise<KeyRow[]> {
  return selectKeys(transaction).orderBy("created_at").orderBy("id").execute();
}

export function findKeys(transaction: Transaction<Tables>, ids: readonly string[]): Promise<KeyRow[]> {
  return selectKeys(transaction).where("id", "in", ids).execute();
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
