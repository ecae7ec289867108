import { randomBytes } from "node:crypto";
import type { AuditEventType } from "@headrace/contract/admin/audit-logs/event-types.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { ChainEntry, NewAuditEvent } from "./audit-events.ts";
import { insertEvent, lockChain } from "./audit-log-store.ts";
import { toActorObject } from "./audit-object.ts";
import { canonicalJson } from "./canonical-json.ts";
import { currentEncoding, hashEvent } from "./chain.ts";
import { actorEmailsOf, actorIdsOf, resourceIdsOf } from "./event-index.ts";
import { storableText } from "./storable-text.ts";

/**
 * Writes an event down in the transaction that makes the change, so that there is never the one without the other. The
 * transaction has the organization's scope or the platform's.
 *
 * Until it ends, no other transaction can append for this organization: let it be the last statement, and append for one
 * organization only (two transactions that take two organizations in opposite order would deadlock). What goes into the
 * installation's own log too is appended there behind it.
 *
 * @returns the event's id, `audit_log-…`
 * @throws TypeError for a payload that JSON has no words for
 */
export function appendAuditEvent<Type extends AuditEventType>(
  transaction: Transaction<Tables>,
  event: NewAuditEvent<Type>,
): Promise<string> {
  return appendToChain(transaction, event);
}

/** `appendAuditEvent` for a chain of any kind. */
export async function appendToChain(transaction: Transaction<Tables>, event: ChainEntry): Promise<string> {
  const { organizationId, type, actor, project, payload } = event;
  const unchained = {
    organizationId,
    encoding: currentEncoding,
    id: `audit_log-${randomBytes(12).toString("hex")}`,
    type,
    effectiveAtMs: event.effectiveAtMs ?? Date.now(),
    actor: canonicalJson(toActorObject(actor)),
    actorIds: actorIdsOf(actor).map(storableText),
    actorEmails: actorEmailsOf(actor).map(storableText),
    projectId: project === undefined ? null : storableText(project.id),
    projectName: project?.name === undefined ? null : storableText(project.name),
    resourceIds: [...new Set([...resourceIdsOf(payload), ...(event.resourceIds ?? [])])].map(storableText),
    payload: canonicalJson(payload),
  };
  const previous = await lockChain(transaction, organizationId);
  const numbered = { ...unchained, sequence: previous.sequence + 1, previousHash: previous.hash };
  const hash = hashEvent(numbered);
  if (hash === undefined) throw new Error("the encoding of new events is unknown");
  await insertEvent(transaction, { ...numbered, hash });
  return unchained.id;
}
