import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** The channel of the hint that there is something new; a hint can be lost, the log can't. */
export const changesChannel = "headrace_changes";

/** The place after which to go on reading; decimal strings, ordered by transaction, then by sequence. */
export type ChangeCursor = { readonly transactionId: string; readonly sequence: string };

export type Change = { readonly topic: string; readonly key: string; readonly cursor: ChangeCursor };

export const changesFromTheStart: ChangeCursor = { transactionId: "0", sequence: "0" };

/** Says, in the transaction that makes the change, that `key` of `topic` changed; readers see it once that commits. */
export async function appendChange(transaction: Transaction<Tables>, topic: string, key: string): Promise<void> {
  await sql`
    with change as (insert into change_log (topic, key) values (${topic}, ${key}) returning topic)
    select pg_notify(${changesChannel}, topic) from change
  `.execute(transaction);
}

/**
 * The changes after `cursor`, oldest first.
 *
 * A sequence alone would skip rows: a transaction may take number 7, and commit after number 8 was read. Here a row is
 * read only when every transaction up to its own has ended (its id is below the oldest one still running), and rows are
 * ordered by transaction first. A row that appears later has a later transaction id, so the cursor never passes one by.
 * The price: one long transaction anywhere on the server holds all readers back until it ends.
 */
export async function readChangesAfter(db: Kysely<Tables>, cursor: ChangeCursor, rowsMax = 1000): Promise<Change[]> {
  const { rows } = await sql<{ topic: string; key: string; transaction_id: string; sequence: string }>`
    select topic, key, transaction_id, sequence from change_log
    where (transaction_id, sequence) > (${cursor.transactionId}::xid8, ${cursor.sequence}::bigint)
      and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    order by transaction_id, sequence limit ${rowsMax}
  `.execute(db);
  return rows.map(({ topic, key, transaction_id, sequence }) => ({
    topic,
    key,
    cursor: { transactionId: transaction_id, sequence },
  }));
}

/** Where a reader starts that has just read everything else: all that is committed but not below it is read again. */
export async function currentChangeCursor(db: Kysely<Tables>): Promise<ChangeCursor> {
  const { rows } = await sql<{ transaction_id: string }>`
    select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text as transaction_id
  `.execute(db);
  const transactionId = rows[0]?.transaction_id;
  if (transactionId === undefined) throw new Error("the database told no snapshot");
  return { transactionId, sequence: "9223372036854775807" };
}

/** Drops changes that every reader has long read. Readers re-read everything at their start, so hours are enough. */
export async function dropChangesBefore(db: Kysely<Tables>, before: Date): Promise<number> {
  const result = await db.deleteFrom("change_log").where("created_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}
