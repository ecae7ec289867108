import type { Kysely, Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { inTenant } from "../database/tenant.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import { type ChainEnd, findChainEnd, findEventHashes, readEventsAfter } from "./audit-log-store.ts";
import type { AuditEvent } from "./chain.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { findCheckpointSequences, readCheckpointsAfter } from "./checkpoint-store.ts";

/** One organization's audit log, to be read piece by piece: from the database, or from an export of it. */
export interface AuditTrail {
  readonly organizationId: string;
  /** What the database says of the end; undefined where it knows of no chain. */
  findEnd(): Promise<ChainEnd | undefined>;
  /** In the chain's order. */
  eventsAfter(sequence: number, countMax: number): Promise<readonly AuditEvent[]>;
  hashesAt(sequences: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>;
  /** In the chain's order. */
  checkpointsAfter(sequence: number, countMax: number): Promise<readonly Checkpoint[]>;
  checkpointsAt(sequences: readonly number[]): Promise<ReadonlySet<number>>;
}

/**
 * The trail in the database, each piece in a short transaction of its own.
 * @param signal once it is aborted, the next piece throws its reason
 */
export function databaseTrail(db: Kysely<Tables>, organizationId: string, signal?: CancelSignal): AuditTrail {
  const read = <Result>(work: (transaction: Transaction<Tables>) => Promise<Result>): Promise<Result> => {
    signal?.throwIfAborted();
    return inTenant(db, { organizationId }, work);
  };
  return {
    organizationId,
    findEnd: () => read((transaction) => findChainEnd(transaction, organizationId)),
    eventsAfter: (sequence, countMax) =>
      read((transaction) => readEventsAfter(transaction, organizationId, sequence, countMax)),
    hashesAt: (sequences) => read((transaction) => findEventHashes(transaction, organizationId, sequences)),
    checkpointsAfter: (sequence, countMax) =>
      read((transaction) => readCheckpointsAfter(transaction, organizationId, sequence, countMax)),
    checkpointsAt: (sequences) =>
      read((transaction) => findCheckpointSequences(transaction, organizationId, sequences)),
  };
}
