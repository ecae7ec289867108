import type { AuditLog, DetailedAuditEventType } from "@headrace/contract/admin/audit-logs/audit-log.ts";
import type { AuditEventType } from "@headrace/contract/admin/audit-logs/event-types.ts";

/** Settings that OpenAI's audit log has no words for stand beside its own, under the name of the setting. */
type OtherSettings = { readonly changes_requested?: Readonly<Record<string, unknown>> };

/** An event's details: those of the contract. They never hold a secret. */
export type AuditEventPayload<Type extends AuditEventType> = Type extends DetailedAuditEventType
  ? NonNullable<AuditLog[Type]> &
      (Type extends "api_key.updated" | "organization.updated" | "project.updated" ? OtherSettings : unknown)
  : Readonly<Record<never, never>>;

/** Where the request came from, as far as is known. */
export type AuditOrigin = { readonly ipAddress?: string; readonly userAgent?: string };

type User = { readonly id: string; readonly email?: string };

/** Who did it. `system` is this program itself: its first start, its command line, its configuration. */
export type AuditActor =
  | ({ readonly type: "session"; readonly user: User } & AuditOrigin)
  | ({
      readonly type: "api_key";
      /** The key's tracking id. */
      readonly id: string;
      readonly owner:
        | { readonly type: "user"; readonly user?: User }
        | { readonly type: "service_account"; readonly id: string };
    } & AuditOrigin)
  | { readonly type: "system" };

/** An event of any chain, its type forgotten: the two that append know what belongs to it. */
export type ChainEntry = {
  readonly organizationId: string;
  readonly type: string;
  readonly actor: AuditActor;
  readonly project?: { readonly id: string; readonly name?: string };
  readonly payload: object;
  readonly resourceIds?: readonly string[];
  readonly effectiveAtMs?: number;
};

export type NewAuditEvent<Type extends AuditEventType> = {
  readonly organizationId: string;
  readonly type: Type;
  readonly actor: AuditActor;
  /** The project that the action was about; absent where it was about the organization. */
  readonly project?: { readonly id: string; readonly name?: string };
  readonly payload: AuditEventPayload<Type>;
  /** Ids that the event can be found by besides those that its payload names. */
  readonly resourceIds?: readonly string[];
  /** Unix milliseconds; now where absent. */
  readonly effectiveAtMs?: number;
};
