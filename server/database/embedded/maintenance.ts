import { setTimeout as delay } from "node:timers/promises";
import type { InternalClient } from "./internal-client.ts";

/**
 * PGlite has no background processes, so nothing writes checkpoints or vacuums by itself: without this, the write-ahead
 * log and the dead rows would grow until the disk is full.
 */
const walBytesMax = 32 * 1024 * 1024;
const intervalMs = 5_000;

const walSinceCheckpoint =
  "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::bigint from pg_control_checkpoint()";

/** The neediest table only, so that clients get their turn between two. The share is that of Postgres' autovacuum. */
const neediestTable = `
  select format('%I.%I', schemaname, relname) from pg_stat_user_tables
  where n_dead_tup > 1000 + 0.2 * n_live_tup or n_mod_since_analyze > 1000 + 0.1 * n_live_tup
  order by n_dead_tup desc limit 1`;

/** Looks after the database until `signal` is aborted; `report` gets what failed, which is tried again later. */
export async function keepMaintained(
  client: InternalClient,
  signal: AbortSignal,
  report: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await delay(intervalMs, undefined, { signal });
      await maintainOnce(client);
    } catch (error) {
      if (!signal.aborted) report(error);
    }
  }
}

/** Writes a checkpoint where the log has grown, and vacuums and analyzes at most one table. */
export async function maintainOnce(client: InternalClient): Promise<void> {
  const [wal] = await client.query(walSinceCheckpoint);
  if (Number(wal?.[0]) > walBytesMax) await client.query("checkpoint");
  await client.query("select pg_stat_force_next_flush()");
  const [table] = await client.query(neediestTable);
  if (table?.[0] !== undefined) await client.query(`vacuum (analyze) ${table[0]}`);
}
