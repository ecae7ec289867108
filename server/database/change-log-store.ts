import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** The channel of the hint that there is something new; a hint can be lost, the log can't. */
export const changesChannel = "headrace_changes";

/**
 * Where a reader stands: the snapshot that its last look was made in, as Postgres writes `pg_snapshot`. It names the
 * transactions that were still running then.
 */
export type ChangeCursor = string & { readonly kind: "pg_snapshot" };

export type Change = { readonly topic: string; readonly key: string };

export type ChangesRead = {
  /** In the order in which they were written; those of the transactions that have ended since the last look. */
  readonly changes: readonly Change[];
  /** There were more than the reader takes; they are passed by, and everything has to be read anew. */
  readonly tooMany: boolean;
  readonly cursor: ChangeCursor;
};

/** Before every transaction. */
export const changesFromTheStart = "1:1:" as ChangeCursor;

/** Says, in the transaction that makes the change, that `key` of `topic` changed; readers see it once that commits. */
export async function appendChange(transaction: Transaction<Tables>, topic: string, key: string): Promise<void> {
  await sql`
    with change as (insert into change_log (topic, key) values (${topic}, ${key}) returning topic)
    select pg_notify(${changesChannel}, topic) from change
  `.execute(transaction);
}

/**
 * The changes that were committed since the look that gave `cursor`: each exactly once, and at the first look after its
 * commit, however long other transactions stay open.
 *
 * A sequence alone would skip rows: a transaction may take number 7, and commit after number 8 was read. Waiting until
 * nothing older runs would let one long transaction anywhere on the server hold all news back. So two snapshots are
 * compared: what this statement's sees and the last one did not is new, whatever its number.
 */
export async function readChangesAfter(db: Kysely<Tables>, cursor: ChangeCursor, rowsMax = 1000): Promise<ChangesRead> {
  const { rows } = await sql<{ snapshot: ChangeCursor; topic: string | null; key: string | null }>`
    select looked.snapshot::text as snapshot, change.topic, change.key
    from (select pg_current_snapshot() as snapshot) as looked
    left join lateral (
      select topic, key, sequence from change_log
      where transaction_id >= pg_snapshot_xmin(${cursor}::text::pg_snapshot)
        and not pg_visible_in_snapshot(transaction_id, ${cursor}::text::pg_snapshot)
      order by sequence limit ${rowsMax + 1}
    ) as change on true
    order by change.sequence
  `.execute(db);
  const [first] = rows;
  if (first === undefined) throw new Error("the database told no snapshot");
  const changes = rows.flatMap(({ topic, key }) => (topic === null || key === null ? [] : [{ topic, key }]));
  return { changes: changes.slice(0, rowsMax), tooMany: changes.length > rowsMax, cursor: first.snapshot };
}

/** Where a reader starts that reads everything else after this. */
export async function currentChangeCursor(db: Kysely<Tables>): Promise<ChangeCursor> {
  const { rows } = await sql<{ snapshot: ChangeCursor }>`select pg_current_snapshot()::text as snapshot`.execute(db);
  const snapshot = rows[0]?.snapshot;
  if (snapshot === undefined) throw new Error("the database told no snapshot");
  return snapshot;
}

/**
 * Drops changes that every reader has long read, `keptMs` old by the database's clock: a process whose own clock is ahead
 * would take away what nobody has read. Readers re-read everything at their start, so hours are enough.
 */
export async function dropOldChanges(db: Kysely<Tables>, keptMs: number): Promise<number> {
  const limit = sql<Date>`now() - ${keptMs}::bigint * interval '1 millisecond'`;
  const result = await db.deleteFrom("change_log").where("created_at", "<", limit).executeTakeFirst();
  return Number(result.numDeletedRows);
}
