import type { Selectable, Transaction } from "kysely";
import type { ApiKeysTable, Tables } from "../database/tables.ts";

export type KeyRow = Selectable<ApiKeysTable>;

export type NewKeyRow = {
  readonly id: string;
  readonly kind: KeyRow["kind"];
  readonly organizationId: string | null;
  readonly projectId: string | null;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly redacted: string;
};

const columns = [
  "id",
  "kind",
  "organization_id",
  "project_id",
  "name",
  "hash",
  "redacted",
  "scopes",
  "created_at",
  "last_used_at",
  "expires_at",
  "revoked_at",
] as const;

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
    })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

/** Every key of the installation; needs the platform's scope. */
export function listKeys(transaction: Transaction<Tables>): Promise<KeyRow[]> {
  return transaction.selectFrom("api_keys").select(columns).orderBy("created_at").orderBy("id").execute();
}

export function findKeys(transaction: Transaction<Tables>, ids: readonly string[]): Promise<KeyRow[]> {
  return transaction.selectFrom("api_keys").select(columns).where("id", "in", ids).execute();
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
