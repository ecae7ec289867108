import type { AuditEventType } from "@headrace/contract/admin/audit-logs/event-types.ts";
import type { Kysely, Transaction } from "kysely";
import type { AuditActor, AuditOrigin, NewAuditEvent } from "../../audit/audit-events.ts";
import { appendAuditEvent } from "../../audit/audit-log.ts";
import type { Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { RequestContext } from "../../http/request-context.ts";
import type { KeyService } from "../../identity/key-service.ts";
import type { MailOutbox } from "../../mail/mail-outbox.ts";
import type { AdminPrincipal } from "../../ports/principal.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";

export type AdminServices = {
  readonly db: Kysely<Tables>;
  readonly keys: KeyService;
  readonly models: ModelDirectory;
  /** Takes changed keys in before the answer goes out, so that a new key works at once and a revoked one no more. */
  readonly refreshKeys: () => Promise<void>;
  /** The key under which invites' tokens are stored. */
  readonly inviteHashKey: Uint8Array;
  readonly outbox: MailOutbox;
  /** What people reach this server at, without a slash at its end. */
  readonly publicUrl: () => string;
};

/** Who asks for a change. */
export type Requester = { readonly principal: AdminPrincipal; readonly context: RequestContext };

/** A change and what the audit log says of it. */
export type Change<Result, Type extends AuditEventType> = {
  readonly result: Result;
  readonly event: Pick<NewAuditEvent<Type>, "type" | "payload" | "project" | "resourceIds">;
};

/** Runs a read in the organization's own scope. */
export function readOrganization<Result>(
  { db }: AdminServices,
  { organizationId }: AdminPrincipal,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return inTenant(db, { organizationId }, work);
}

/** Makes a change in the organization's own scope; it and its audit event are committed together or not at all. */
export async function changeOrganization<Result, Type extends AuditEventType>(
  services: AdminServices,
  requester: Requester,
  work: (transaction: Transaction<Tables>) => Promise<Change<Result, Type>>,
): Promise<Result> {
  const { organizationId } = requester.principal;
  const result = await inTenant(services.db, { organizationId }, async (transaction) => {
    const change = await work(transaction);
    await appendAuditEvent(transaction, {
      organizationId,
      actor: apiKeyActor(requester.principal.keyId, requester.context),
      ...change.event,
    });
    return change.result;
  });
  await services.refreshKeys();
  return result;
}

/** A key as the audit log names it, and where its request came from. */
export function apiKeyActor(keyId: string, context: RequestContext): AuditActor {
  return { type: "api_key", id: keyId, owner: { type: "user" }, ...originOf(context) };
}

/** Where a request came from, as the audit log tells it. */
export function originOf({ clientAddress, userAgent }: RequestContext): AuditOrigin {
  const ipAddress = clientAddress();
  return {
    ...(ipAddress === undefined ? {} : { ipAddress }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
