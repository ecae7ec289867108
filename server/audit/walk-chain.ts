import type { AuditTrail } from "./audit-trail.ts";
import { type AuditEvent, type ChainPosition, equalBytes, hashEvent } from "./chain.ts";
import type { Findings } from "./findings.ts";

/** Events that are in memory at a time. */
const eventsPerRead = 500;

export type WalkOptions = {
  /** A place that is trusted; events behind it are looked at. */
  readonly from: ChainPosition;
  /** The last place to look at. */
  readonly until?: number;
  readonly onEvent?: (event: AuditEvent) => void;
};

/**
 * Follows a chain from a trusted place: each event is the next one, names its predecessor's hash, and has the hash of its
 * own fields.
 * @returns the last event's place
 */
export async function walkChain(trail: AuditTrail, findings: Findings, options: WalkOptions): Promise<ChainPosition> {
  const { until = Number.POSITIVE_INFINITY, onEvent } = options;
  let position = options.from;
  while (position.sequence < until) {
    const events = await trail.eventsAfter(position.sequence, Math.min(eventsPerRead, until - position.sequence));
    if (events.length === 0) break;
    for (const event of events) {
      if (event.sequence > until) return position;
      checkStep(position, event, trail.organizationId, findings);
      onEvent?.(event);
      position = { sequence: event.sequence, hash: event.hash };
    }
  }
  return position;
}

function checkStep(before: ChainPosition, event: AuditEvent, organizationId: string, findings: Findings): void {
  const { sequence } = event;
  if (sequence !== before.sequence + 1) {
    findings.add("events_missing", before.sequence + 1, `events ${before.sequence + 1} to ${sequence - 1} are missing`);
  } else if (!equalBytes(event.previousHash, before.hash)) {
    findings.add("chain_broken", sequence, `event ${sequence} does not follow from event ${before.sequence}`);
  }
  const hash = hashEvent({ ...event, organizationId });
  if (hash === undefined || !equalBytes(hash, event.hash)) {
    findings.add("event_altered", sequence, `event ${sequence} (${event.id}) is not what was written`);
  }
}
