import type { KeyScope } from "@headrace/contract/common/operation.ts";
import { type Selectable, type SqlBool, sql, type Transaction } from "kysely";
import type { ApiKeysTable, Tables } from "../database/tables.ts";
import { ownerHasAccess } from "./owner-access-store.ts";

/** The change log's topic for keys; the entry's key is the key's id. */
export const keysTopic = "api_keys";

/** A key, and whether whose key it is can still reach its project. */
export type KeyRow = Selectable<ApiKeysTable> & { readonly owner_has_access: SqlBool };

/** What a key is narrowed to besides its scopes; null: not at all. */
export type KeyRestrictions = {
  readonly models: readonly string[] | null;
  /** Addresses and blocks of addresses that it may be used from. */
  readonly addresses: readonly string[] | null;
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
  readonly scopes?: readonly KeyScope[];
  readonly restrictions?: KeyRestrictions;
  readonly expiresAt?: Date;
};

const columns = [
  "id",
  "kind",
  "organization_id",
  "project_id",
  "service_account_id",
  "user_id",
  "name",
  "hash",
  "redacted",
  "scopes",
  "allowed_models",
  "allowed_addresses",
  "replaced_by",
  "created_at",
  "last_used_at",
  "expires_at",
  "revoked_at",
] as const;

const selectKeys = (transaction: Transaction<Tables>) =>
  transaction.selectFrom("api_keys").select(columns).select(ownerHasAccess.as("owner_has_access"));

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
      scopes: copy(key.scopes),
      allowed_models: copy(key.restrictions?.models),
      allowed_addresses: copy(key.restrictions?.addresses),
      expires_at: key.expiresAt ?? null,
    })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

function copy(texts: readonly string[] | null | undefined): string[] | null {
  return texts == null ? null : [...texts];
}

/** Every key of the installation; needs the platform's scope. */
export function listKeys(transaction: Transaction<Tables>): Promise<KeyRow[]> {
  return selectKeys(transaction).orderBy("created_at").orderBy("id").execute();
}

export function findKeys(transaction: Transaction<Tables>, ids: readonly string[]): Promise<KeyRow[]> {
  return selectKeys(transaction).where("id", "in", ids).execute();
}

/** The keys that manage the installation, or one organization. */
export type ManagementKeys =
  | { readonly kind: "operator" }
  | { readonly kind: "admin"; readonly organizationId: string };

/**
 * The ids of such keys that work now, held until the transaction ends: of two that each revoke one of the last two, the
 * second sees that its own would be the last.
 */
export async function lockWorkingKeys(transaction: Transaction<Tables>, keys: ManagementKeys): Promise<string[]> {
  const organizationId = keys.kind === "admin" ? keys.organizationId : null;
  const rows = await transaction
    .selectFrom("api_keys")
    .select(["id", "expires_at"])
    .where("kind", "=", keys.kind)
    .where("organization_id", organizationId === null ? "is" : "=", organizationId)
    .where("revoked_at", "is", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.filter((row) => row.expires_at === null || row.expires_at > new Date()).map((row) => row.id);
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

/**
 * Notes when keys were last used; a later note that is there already stays. The rows are locked in one order, so that two
 * processes that note the same keys wait for each other and can't deadlock.
 * @param uses key id -> Unix milliseconds
 */
export async function markKeysUsed(transaction: Transaction<Tables>, uses: ReadonlyMap<string, number>): Promise<void> {
  const used = JSON.stringify([...uses].map(([id, atMs]) => ({ id, at_ms: atMs })));
  await sql`
    with used as (select id, to_timestamp(at_ms / 1000.0) as at from jsonb_to_recordset(${used}::text::jsonb) as used (id text, at_ms bigint)),
    locked as (select id from api_keys where id in (select id from used) order by id for update)
    update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
    from used join locked using (id) where api_keys.id = used.id
  `.execute(transaction);
}
