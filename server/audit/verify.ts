import type { KeyObject } from "node:crypto";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import { type AuditTrail, databaseTrail } from "./audit-trail.ts";
import { chainStart, equalBytes } from "./chain.ts";
import { type Checkpoint, isCheckpointGenuine } from "./checkpoint.ts";
import type { UnreadableLine } from "./checkpoint-file.ts";
import { type Finding, Findings } from "./findings.ts";
import { walkChain } from "./walk-chain.ts";

/** Checkpoints from outside the database; those of other organizations are left alone. */
export type ShippedCheckpoints = AsyncIterable<Checkpoint | UnreadableLine>;

export type VerifyOptions = {
  readonly publicKey: KeyObject;
  readonly checkpoints?: ShippedCheckpoints;
  /** Aborting ends it before its next piece. */
  readonly signal?: CancelSignal;
};

export type AuditReport = {
  readonly organizationId: string;
  /** Whether nothing was found. */
  readonly ok: boolean;
  readonly events: number;
  /** Those of the database and those from outside. */
  readonly checkpoints: number;
  /** Up to here a genuine checkpoint vouches for the chain; later events are only linked to each other. */
  readonly signedThrough: number;
  /** The first hundred. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
};

const checkpointsPerRead = 500;

/**
 * Verifies an organization's audit log in the database against itself, its signed checkpoints, and those that were carried
 * outside. Reads in pieces: memory does not grow with the log. Appending goes on meanwhile, and is never a finding.
 */
export function verifyAuditLog(
  db: Kysely<Tables>,
  organizationId: string,
  options: VerifyOptions,
): Promise<AuditReport> {
  return verifyAuditTrail(databaseTrail(db, organizationId, options.signal), options);
}

/** `verifyAuditLog` for a trail from anywhere. */
export async function verifyAuditTrail(trail: AuditTrail, options: VerifyOptions): Promise<AuditReport> {
  const findings = new Findings();
  const events = await verifyEvents(trail, findings);
  const inside = await verifyStoredCheckpoints(trail, findings, options.publicKey);
  const outside =
    options.checkpoints === undefined
      ? { count: 0, signedThrough: 0 }
      : await verifyShippedCheckpoints(trail, findings, options.publicKey, options.checkpoints);
  return {
    organizationId: trail.organizationId,
    ok: findings.total === 0,
    events,
    checkpoints: inside.count + outside.count,
    signedThrough: Math.max(inside.signedThrough, outside.signedThrough),
    findings: findings.named,
    findingsTotal: findings.total,
  };
}

/**
 * The end is read before the events and after them: what it said before has to be there, and what was there has to be said
 * after, whatever was appended meanwhile.
 */
async function verifyEvents(trail: AuditTrail, findings: Findings): Promise<number> {
  const endBefore = await trail.findEnd();
  let hashAtEnd: Uint8Array | undefined = endBefore?.sequence === 0 ? chainStart.hash : undefined;
  let events = 0;
  const last = await walkChain(trail, findings, {
    from: chainStart,
    onEvent(event) {
      events += 1;
      if (event.sequence === endBefore?.sequence) hashAtEnd = event.hash;
    },
  });
  const endAfter = await trail.findEnd();
  if (endBefore !== undefined && last.sequence < endBefore.sequence) {
    findings.add(
      "tail_cut",
      last.sequence + 1,
      `events ${last.sequence + 1} to ${endBefore.sequence} are missing at the end`,
    );
  } else if (endBefore !== undefined && (hashAtEnd === undefined || !equalBytes(hashAtEnd, endBefore.hash))) {
    findings.add("chain_end_altered", endBefore.sequence, "the noted end of the chain has another hash than the event");
  }
  if ((endAfter?.sequence ?? 0) < last.sequence) {
    findings.add("chain_end_altered", last.sequence, `there are more events than the ${endAfter?.sequence ?? 0} noted`);
  }
  return events;
}

/** How many checkpoints were looked at, and the last place that a genuine one vouches for. */
type CheckpointsVerified = { readonly count: number; readonly signedThrough: number };

async function verifyStoredCheckpoints(
  trail: AuditTrail,
  findings: Findings,
  publicKey: KeyObject,
): Promise<CheckpointsVerified> {
  const end = await trail.findEnd();
  let previousSequence = 0;
  let signedThrough = 0;
  let count = 0;
  for (;;) {
    const checkpoints = await trail.checkpointsAfter(previousSequence, checkpointsPerRead);
    if (checkpoints.length === 0) break;
    count += checkpoints.length;
    signedThrough = Math.max(signedThrough, await compareWithChain(trail, findings, publicKey, checkpoints));
    for (const checkpoint of checkpoints) {
      if (checkpoint.previousSequence !== previousSequence) {
        const { sequence } = checkpoint;
        findings.add("checkpoint_missing", sequence, `the checkpoint before the one at ${sequence} is missing`);
      }
      previousSequence = checkpoint.sequence;
    }
  }
  if (end !== undefined && end.checkpointSequence > previousSequence) {
    findings.add(
      "checkpoint_missing",
      end.checkpointSequence,
      `the checkpoint at ${end.checkpointSequence} is missing`,
    );
  }
  return { count, signedThrough };
}

async function verifyShippedCheckpoints(
  trail: AuditTrail,
  findings: Findings,
  publicKey: KeyObject,
  shipped: ShippedCheckpoints,
): Promise<CheckpointsVerified> {
  let signedThrough = 0;
  let count = 0;
  let batch: Checkpoint[] = [];
  const compareBatch = async (): Promise<void> => {
    count += batch.length;
    signedThrough = Math.max(signedThrough, await compareWithChain(trail, findings, publicKey, batch));
    const stored = await trail.checkpointsAt(batch.map(({ sequence }) => sequence));
    for (const { sequence } of batch) {
      if (stored.has(sequence)) continue;
      findings.add(
        "checkpoint_missing",
        sequence,
        `the checkpoint at ${sequence}, known outside, is not in the database`,
      );
    }
    batch = [];
  };
  for await (const checkpoint of shipped) {
    if ("unreadableLine" in checkpoint) {
      findings.add("checkpoint_unreadable", 0, `line ${checkpoint.unreadableLine} of the file is no checkpoint`);
    } else if (checkpoint.organizationId === trail.organizationId) batch.push(checkpoint);
    if (batch.length === checkpointsPerRead) await compareBatch();
  }
  await compareBatch();
  return { count, signedThrough };
}

/** @returns the last place of the chain that one of these checkpoints vouches for, 0 for none */
async function compareWithChain(
  trail: AuditTrail,
  findings: Findings,
  publicKey: KeyObject,
  checkpoints: readonly Checkpoint[],
): Promise<number> {
  const hashes = await trail.hashesAt(checkpoints.map(({ sequence }) => sequence));
  let signedThrough = 0;
  for (const checkpoint of checkpoints) {
    const { sequence } = checkpoint;
    const hash = hashes.get(sequence);
    if (!isCheckpointGenuine({ ...checkpoint, organizationId: trail.organizationId }, publicKey)) {
      findings.add("checkpoint_forged", sequence, `the signature of the checkpoint at ${sequence} is not ours`);
    } else if (hash === undefined) {
      findings.add("tail_cut", sequence, `event ${sequence} was signed and is missing`);
    } else if (!equalBytes(hash, checkpoint.hash)) {
      findings.add("checkpoint_contradicted", sequence, `the chain at ${sequence} is not the one that was signed`);
    } else signedThrough = Math.max(signedThrough, sequence);
  }
  return signedThrough;
}
