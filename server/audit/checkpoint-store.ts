import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { AuditCheckpointsTable, Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import type { Checkpoint } from "./checkpoint.ts";

const columns = [
  "organization_id",
  "sequence",
  "hash",
  "previous_sequence",
  "created_at_ms",
  "signature",
] as const satisfies readonly (keyof AuditCheckpointsTable)[];

function toCheckpoint(row: Selectable<AuditCheckpointsTable>): Checkpoint {
  return {
    organizationId: row.organization_id,
    sequence: Number(row.sequence),
    hash: row.hash,
    previousSequence: Number(row.previous_sequence),
    createdAtMs: Number(row.created_at_ms),
    signature: row.signature,
  };
}

/** Up to `rowsMax` checkpoints behind a place, in the chain's order. */
export async function readCheckpointsAfter(
  transaction: Transaction<Tables>,
  organizationId: string,
  sequence: number,
  rowsMax: number,
): Promise<Checkpoint[]> {
  const rows = await transaction
    .selectFrom("audit_checkpoints")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where("sequence", ">", String(sequence))
    .orderBy("sequence")
    .limit(rowsMax)
    .execute();
  return rows.map(toCheckpoint);
}

/** Which of these places have a checkpoint. */
export async function findCheckpointSequences(
  transaction: Transaction<Tables>,
  organizationId: string,
  sequences: readonly number[],
): Promise<Set<number>> {
  if (sequences.length === 0) return new Set();
  const rows = await transaction
    .selectFrom("audit_checkpoints")
    .select("sequence")
    .where("organization_id", "=", organizationId)
    .where("sequence", "in", sequences.map(String))
    .execute();
  return new Set(rows.map((row) => Number(row.sequence)));
}

export async function findNewestCheckpoint(
  transaction: Transaction<Tables>,
  organizationId: string,
): Promise<Checkpoint | undefined> {
  const row = await transaction
    .selectFrom("audit_checkpoints")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && toCheckpoint(row);
}

/** Keeps a checkpoint and moves the chain's mark to it; the chain has to be locked. */
export async function insertCheckpoint(transaction: Transaction<Tables>, checkpoint: Checkpoint): Promise<void> {
  await transaction
    .insertInto("audit_checkpoints")
    .values({
      organization_id: checkpoint.organizationId,
      sequence: checkpoint.sequence,
      hash: Buffer.from(checkpoint.hash),
      previous_sequence: checkpoint.previousSequence,
      created_at_ms: checkpoint.createdAtMs,
      signature: Buffer.from(checkpoint.signature),
    })
    .execute();
  await transaction
    .updateTable("audit_chains")
    .set({ checkpoint_sequence: checkpoint.sequence })
    .where("organization_id", "=", checkpoint.organizationId)
    .execute();
}

/** Organizations with `eventsMax` unsigned events or more, or with one from `before` (Unix milliseconds) or earlier. */
export async function findChainsToSign(db: Kysely<Tables>, eventsMax: number, before: number): Promise<string[]> {
  const { rows } = await inPlatform(db, (transaction) =>
    sql<{ organization_id: string }>`
      select organization_id from audit_chains as chain
      where sequence > checkpoint_sequence and (
        sequence - checkpoint_sequence >= ${eventsMax}::bigint
        or exists (
          select from audit_log as first_unsigned
          where first_unsigned.organization_id = chain.organization_id
            and first_unsigned.sequence = chain.checkpoint_sequence + 1
            and first_unsigned.effective_at_ms <= ${before}::bigint
        )
      )
      order by organization_id
    `.execute(transaction),
  );
  return rows.map((row) => row.organization_id);
}

/** How far all chains together are signed. */
export async function readSigningState(
  db: Kysely<Tables>,
): Promise<{ readonly unsignedEvents: number; readonly newestAtMs: number | undefined }> {
  const { rows } = await inPlatform(db, (transaction) =>
    sql<{ unsigned: string; newest_ms: string | null }>`
      select coalesce(sum(chain.sequence - chain.checkpoint_sequence), 0)::text as unsigned,
        max(newest.created_at_ms)::text as newest_ms
      from audit_chains as chain
      left join audit_checkpoints as newest
        on newest.organization_id = chain.organization_id and newest.sequence = chain.checkpoint_sequence
    `.execute(transaction),
  );
  const [row] = rows;
  const newest = row?.newest_ms ?? null;
  return { unsignedEvents: Number(row?.unsigned ?? 0), newestAtMs: newest === null ? undefined : Number(newest) };
}

/** Every organization that has, or should have, an audit log. */
export async function findAuditedOrganizations(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await inPlatform(db, (transaction) =>
    sql<{ id: string }>`
      select id from organizations union select organization_id from audit_chains order by id
    `.execute(transaction),
  );
  return rows.map((row) => row.id);
}
