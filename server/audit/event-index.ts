import type { AuditActor } from "./audit-events.ts";

/** What an actor can be found by. */
export function actorIdsOf(actor: AuditActor): string[] {
  if (actor.type === "system") return [];
  if (actor.type === "session") return [actor.user.id];
  const { owner } = actor;
  if (owner.type === "service_account") return [actor.id, owner.id];
  return owner.user === undefined ? [actor.id] : [actor.id, owner.user.id];
}

/** In lower case, since people write addresses as they like. */
export function actorEmailsOf(actor: AuditActor): string[] {
  const user = actor.type === "session" ? actor.user : userOfKey(actor);
  return user?.email === undefined ? [] : [user.email.toLowerCase()];
}

function userOfKey(actor: AuditActor) {
  return actor.type === "api_key" && actor.owner.type === "user" ? actor.owner.user : undefined;
}

/** The ids of what an event's details name: its own, and those of the objects in a list. */
export function resourceIdsOf(payload: object): string[] {
  const listed = Object.values(payload).flatMap((value: unknown) => (Array.isArray(value) ? value : []));
  return [payload, ...listed].flatMap((named: unknown) =>
    typeof named === "object" && named !== null && "id" in named && typeof named.id === "string" ? [named.id] : [],
  );
}
