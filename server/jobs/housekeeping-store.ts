import { type Kysely, sql } from "kysely";
import { dropOldChanges } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";

/** How long changes are kept for processes that fell behind; they re-read everything every minute anyway. */
const changesKeptMs = 24 * 3_600_000;

/** Deletes what has run out: answers kept for an Idempotency-Key, and changes that everybody has read. */
export async function deleteExpired(db: Kysely<Tables>): Promise<void> {
  await inPlatform(db, (transaction) =>
    transaction.deleteFrom("idempotency_keys").where("expires_at", "<=", sql<Date>`now()`).execute(),
  );
  await dropOldChanges(db, changesKeptMs);
}
