import type { AuditActor as ActorObject, AuditLog } from "@headrace/contract/admin/audit-logs/audit-log.ts";
import { auditEventType } from "@headrace/contract/admin/audit-logs/event-types.ts";
import {
  type InstallationAuditLog,
  installationEventType,
} from "@headrace/contract/headrace/installation-audit-logs.ts";
import type { AuditActor, AuditOrigin } from "./audit-events.ts";
import type { AuditEvent } from "./chain.ts";

/** A header can be 16 kB long; nobody's honest user agent is. */
const userAgentCharactersMax = 512;

/** An actor as the API shows it. */
export function toActorObject(actor: AuditActor): ActorObject | null {
  switch (actor.type) {
    case "system":
      return null;
    case "session":
      return { type: "session", session: { user: actor.user, ...toOrigin(actor) } };
    case "api_key": {
      const { owner } = actor;
      const ownerObject = owner.type === "user" ? { user: owner.user } : { service_account: { id: owner.id } };
      return { type: "api_key", api_key: { id: actor.id, type: owner.type, ...ownerObject, ...toOrigin(actor) } };
    }
  }
}

function toOrigin({ ipAddress, userAgent }: AuditOrigin) {
  return { ip_address: ipAddress, user_agent: userAgent?.slice(0, userAgentCharactersMax) };
}

/** An event as the API shows it. */
export function toAuditLogObject(event: AuditEvent): AuditLog {
  const { projectId, projectName } = event;
  const project =
    projectId === null ? undefined : { id: projectId, ...(projectName === null ? {} : { name: projectName }) };
  return {
    ...toCommonObject(event),
    type: auditEventType.parse(event.type),
    ...(project === undefined ? {} : { project }),
  };
}

/** An event of the installation's own log as the API shows it. */
export function toInstallationAuditLogObject(event: AuditEvent): InstallationAuditLog {
  return { ...toCommonObject(event), type: installationEventType.parse(event.type) };
}

function toCommonObject(event: AuditEvent) {
  return {
    id: event.id,
    effective_at: Math.floor(event.effectiveAtMs / 1000),
    actor: JSON.parse(event.actor) as ActorObject | null,
    [event.type]: JSON.parse(event.payload) as unknown,
  };
}
