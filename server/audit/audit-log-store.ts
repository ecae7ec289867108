import { type Selectable, sql, type Transaction } from "kysely";
import type { AuditLogTable, Tables } from "../database/tables.ts";
import type { AuditEvent, ChainPosition } from "./chain.ts";

/** The end of a chain as the database tells it, and up to where it is signed. */
export type ChainEnd = ChainPosition & { readonly checkpointSequence: number };

export const eventColumns = [
  "organization_id",
  "sequence",
  "encoding",
  "id",
  "type",
  "effective_at_ms",
  "actor",
  "actor_ids",
  "actor_emails",
  "project_id",
  "project_name",
  "resource_ids",
  "payload",
  "previous_hash",
  "hash",
] as const satisfies readonly (keyof AuditLogTable)[];

export function toAuditEvent(row: Selectable<AuditLogTable>): AuditEvent {
  return {
    organizationId: row.organization_id,
    sequence: Number(row.sequence),
    encoding: row.encoding,
    id: row.id,
    type: row.type,
    effectiveAtMs: Number(row.effective_at_ms),
    actor: row.actor,
    actorIds: row.actor_ids,
    actorEmails: row.actor_emails,
    projectId: row.project_id,
    projectName: row.project_name,
    resourceIds: row.resource_ids,
    payload: row.payload,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

/**
 * Locks the end of an organization's chain until the transaction ends, and reads it; it is begun where there is none.
 * FOR UPDATE waits for the transaction that has it, and then gives the row as that one left it.
 */
export async function lockChain(transaction: Transaction<Tables>, organizationId: string): Promise<ChainEnd> {
  const locked = await selectChainForUpdate(transaction, organizationId);
  if (locked !== undefined) return locked;
  await transaction
    .insertInto("audit_chains")
    .values({ organization_id: organizationId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const begun = await selectChainForUpdate(transaction, organizationId);
  if (begun === undefined) throw new Error("the chain of an audit log could be begun but not read");
  return begun;
}

async function selectChainForUpdate(
  transaction: Transaction<Tables>,
  organizationId: string,
): Promise<ChainEnd | undefined> {
  const row = await transaction
    .selectFrom("audit_chains")
    .select(["sequence", "hash", "checkpoint_sequence"])
    .where("organization_id", "=", organizationId)
    .forUpdate()
    .executeTakeFirst();
  return row && { sequence: Number(row.sequence), hash: row.hash, checkpointSequence: Number(row.checkpoint_sequence) };
}

/** Adds an event and moves the chain's end to it; the chain has to be locked. */
export async function insertEvent(transaction: Transaction<Tables>, event: AuditEvent): Promise<void> {
  const { organizationId, sequence } = event;
  const { numAffectedRows } = await sql`
    with event as (
      insert into audit_log (organization_id, sequence, encoding, id, type, effective_at_ms, actor, actor_ids,
        actor_emails, project_id, project_name, resource_ids, payload, previous_hash, hash)
      values (${organizationId}, ${sequence}::bigint, ${event.encoding}::smallint, ${event.id}, ${event.type},
        ${event.effectiveAtMs}::bigint, ${event.actor}, ${JSON.stringify(event.actorIds)}::text::jsonb,
        ${JSON.stringify(event.actorEmails)}::text::jsonb, ${event.projectId}, ${event.projectName},
        ${JSON.stringify(event.resourceIds)}::text::jsonb, ${event.payload}, ${Buffer.from(event.previousHash)},
        ${Buffer.from(event.hash)})
    )
    update audit_chains set sequence = ${sequence}::bigint, hash = ${Buffer.from(event.hash)}
    where organization_id = ${organizationId} and sequence = ${sequence - 1}::bigint
  `.execute(transaction);
  if (numAffectedRows !== 1n) throw new Error("the audit log's chain moved although it was locked");
}

export async function findChainEnd(
  transaction: Transaction<Tables>,
  organizationId: string,
): Promise<ChainEnd | undefined> {
  const row = await transaction
    .selectFrom("audit_chains")
    .select(["sequence", "hash", "checkpoint_sequence"])
    .where("organization_id", "=", organizationId)
    .executeTakeFirst();
  return row && { sequence: Number(row.sequence), hash: row.hash, checkpointSequence: Number(row.checkpoint_sequence) };
}

/** Up to `rowsMax` events behind a place, in the chain's order. */
export async function readEventsAfter(
  transaction: Transaction<Tables>,
  organizationId: string,
  sequence: number,
  rowsMax: number,
): Promise<AuditEvent[]> {
  const rows = await transaction
    .selectFrom("audit_log")
    .select(eventColumns)
    .where("organization_id", "=", organizationId)
    .where("sequence", ">", String(sequence))
    .orderBy("sequence")
    .limit(rowsMax)
    .execute();
  return rows.map(toAuditEvent);
}

/** The hashes that events have now; what is not there is left out. */
export async function findEventHashes(
  transaction: Transaction<Tables>,
  organizationId: string,
  sequences: readonly number[],
): Promise<Map<number, Uint8Array>> {
  if (sequences.length === 0) return new Map();
  const rows = await transaction
    .selectFrom("audit_log")
    .select(["sequence", "hash"])
    .where("organization_id", "=", organizationId)
    .where("sequence", "in", sequences.map(String))
    .execute();
  return new Map(rows.map((row) => [Number(row.sequence), row.hash]));
}
