import type { AuditTrail } from "../audit-trail.ts";
import { type AuditEvent, chainStart, currentEncoding, hashEvent } from "../chain.ts";
import { type Checkpoint, signCheckpoint } from "../checkpoint.ts";
import type { AuditSigningKey } from "../signing-key.ts";

/** A whole log in memory, as somebody with the database in his hands can change it. */
export type ExportedLog = {
  readonly organizationId: string;
  events: AuditEvent[];
  end: { sequence: number; hash: Uint8Array; checkpointSequence: number } | undefined;
  checkpoints: Checkpoint[];
};

/** A log of `count` events with a checkpoint at every `checkpointEvery`-th. */
export function exportedLog(
  organizationId: string,
  count: number,
  checkpointEvery: number,
  signingKey: AuditSigningKey,
): ExportedLog {
  const log: ExportedLog = {
    organizationId,
    events: [],
    end: { sequence: 0, hash: chainStart.hash, checkpointSequence: 0 },
    checkpoints: [],
  };
  log.events = Array.from({ length: count }, (_, index) => unchainedEvent(organizationId, index + 1));
  chainAnew(log, 1);
  signAnew(log, checkpointEvery, signingKey);
  return log;
}

function unchainedEvent(organizationId: string, sequence: number): AuditEvent {
  return {
    organizationId,
    sequence,
    encoding: currentEncoding,
    id: `audit_log-${organizationId}-${sequence}`,
    type: sequence % 3 === 0 ? "api_key.created" : "project.updated",
    effectiveAtMs: 1_780_000_000_000 + sequence * 1_500,
    actor: `{"api_key":{"id":"key_${sequence % 5}","ip_address":"10.0.0.${sequence % 250}","type":"user"},"type":"api_key"}`,
    actorIds: [`key_${sequence % 5}`, `user_${sequence % 4}`],
    actorEmails: [`person${sequence % 4}@example.com`],
    projectId: sequence % 7 === 0 ? null : `proj_${sequence % 7}`,
    projectName: sequence % 7 === 0 ? null : "A project",
    resourceIds: [`proj_${sequence}`],
    payload: `{"changes_requested":{"title":"Title ${sequence}"},"id":"proj_${sequence}"}`,
    previousHash: chainStart.hash,
    hash: chainStart.hash,
  };
}

/** What an attacker without the key can do: compute all hashes from an event on, and the end. */
export function chainAnew(log: ExportedLog, fromSequence: number): void {
  let previousHash = log.events.findLast(({ sequence }) => sequence < fromSequence)?.hash ?? chainStart.hash;
  log.events = log.events.map((event) => {
    if (event.sequence < fromSequence) return event;
    const linked = { ...event, previousHash };
    const hash = hashEvent(linked);
    if (hash === undefined) throw new Error("an event of the test has no hash");
    previousHash = hash;
    return { ...linked, hash };
  });
  moveEnd(log);
}

/** Lets the database's note of the end say what is there. */
export function moveEnd(log: ExportedLog): void {
  const last = log.events.at(-1) ?? chainStart;
  const checkpointSequence = Math.min(log.end?.checkpointSequence ?? 0, last.sequence);
  log.end = { sequence: last.sequence, hash: last.hash, checkpointSequence };
}

/** Makes all checkpoints with this key. */
export function signAnew(log: ExportedLog, every: number, { privateKey }: AuditSigningKey): void {
  log.checkpoints = [];
  for (const { organizationId, sequence, hash } of log.events.filter(({ sequence }) => sequence % every === 0)) {
    const previousSequence = log.checkpoints.at(-1)?.sequence ?? 0;
    const statement = { organizationId, sequence, hash, previousSequence, createdAtMs: 1_780_000_000_000 + sequence };
    log.checkpoints.push(signCheckpoint(statement, privateKey));
  }
  if (log.end) log.end.checkpointSequence = log.checkpoints.at(-1)?.sequence ?? 0;
}

export function copyLog(log: ExportedLog): ExportedLog {
  return {
    organizationId: log.organizationId,
    events: [...log.events],
    end: log.end && { ...log.end },
    checkpoints: [...log.checkpoints],
  };
}

export function exportedTrail(log: ExportedLog): AuditTrail {
  const after = <Row extends { readonly sequence: number }>(rows: readonly Row[], sequence: number, countMax: number) =>
    rows
      .filter((row) => row.sequence > sequence)
      .toSorted((left, right) => left.sequence - right.sequence)
      .slice(0, countMax);
  return {
    organizationId: log.organizationId,
    findEnd: async () => log.end,
    eventsAfter: async (sequence, countMax) => after(log.events, sequence, countMax),
    hashesAt: async (sequences) =>
      new Map(log.events.flatMap(({ sequence, hash }) => (sequences.includes(sequence) ? [[sequence, hash]] : []))),
    checkpointsAfter: async (sequence, countMax) => after(log.checkpoints, sequence, countMax),
    checkpointsAt: async (sequences) =>
      new Set(log.checkpoints.map(({ sequence }) => sequence).filter((sequence) => sequences.includes(sequence))),
  };
}

export async function* shipped(checkpoints: readonly Checkpoint[]): AsyncGenerator<Checkpoint> {
  yield* checkpoints;
}
