import type {
  InstallationEventPayload,
  InstallationEventType,
} from "@headrace/contract/headrace/installation-audit-logs.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { AuditActor } from "./audit-events.ts";
import { appendToChain } from "./audit-log.ts";

/** The chain of what operators do; the database keeps organizations from having this id. */
export const installationChain = "installation";

export type InstallationEvent<Type extends InstallationEventType> = {
  readonly type: Type;
  readonly actor: AuditActor;
  readonly payload: InstallationEventPayload<Type>;
};

/**
 * Writes an operator's act down in the transaction that makes the change, which has the platform's scope. It is the
 * transaction's very last statement: behind the organization's own event, where there is one.
 * @returns the event's id
 */
export function appendInstallationEvent<Type extends InstallationEventType>(
  transaction: Transaction<Tables>,
  event: InstallationEvent<Type>,
): Promise<string> {
  return appendToChain(transaction, { organizationId: installationChain, ...event });
}
