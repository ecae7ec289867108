import { createHash } from "node:crypto";
import { encodeFields } from "./encode-fields.ts";

/** A place in an organization's chain: the event's number, from 1 without a gap, and its hash (32 bytes). */
export type ChainPosition = { readonly sequence: number; readonly hash: Uint8Array };

/** Where every chain begins. */
export const chainStart: ChainPosition = { sequence: 0, hash: new Uint8Array(32) };

/** The version of `hashEvent`'s rules that new events follow. */
export const currentEncoding = 1;

/** One event as it is kept. */
export type AuditEvent = ChainPosition & {
  readonly organizationId: string;
  readonly encoding: number;
  readonly id: string;
  readonly type: string;
  /** Unix milliseconds. */
  readonly effectiveAtMs: number;
  /** JSON text of the API's actor object, or `null`. */
  readonly actor: string;
  /** Key, user and service account: what the actor can be found by. */
  readonly actorIds: readonly string[];
  /** In lower case. */
  readonly actorEmails: readonly string[];
  readonly projectId: string | null;
  readonly projectName: string | null;
  /** What was acted upon, for finding it. */
  readonly resourceIds: readonly string[];
  /** JSON text of the details. */
  readonly payload: string;
  readonly previousHash: Uint8Array;
};

/**
 * SHA-256 over every field and the previous event's hash.
 * @returns undefined for what this version can't have written: another encoding, lists of something else than texts.
 */
export function hashEvent(event: Omit<AuditEvent, "hash">): Uint8Array | undefined {
  if (event.encoding !== 1) return undefined;
  if (![event.actorIds, event.actorEmails, event.resourceIds].every(isTextList)) return undefined;
  const bytes = encodeFields("headrace/audit-event/v1", [
    event.organizationId,
    event.sequence,
    event.id,
    event.type,
    event.effectiveAtMs,
    event.actor,
    JSON.stringify(event.actorIds),
    JSON.stringify(event.actorEmails),
    event.projectId,
    event.projectName,
    JSON.stringify(event.resourceIds),
    event.payload,
    event.previousHash,
  ]);
  return createHash("sha256").update(bytes).digest();
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
