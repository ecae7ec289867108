import type { Invite } from "@headrace/contract/admin/invites.ts";
import { seconds, secondsOrNull } from "../page.ts";
import type { InvitedProject, InviteRow } from "./invite-store.ts";

export function toInvite(row: InviteRow): Invite {
  return {
    id: row.id,
    object: "organization.invite",
    email: row.email,
    role: row.role,
    status: statusOf(row),
    projects: projectsOf(row),
    created_at: seconds(row.created_at),
    expires_at: seconds(row.expires_at),
    accepted_at: secondsOrNull(row.accepted_at),
  };
}

export function statusOf({ accepted_at, expires_at }: InviteRow): Invite["status"] {
  if (accepted_at !== null) return "accepted";
  return expires_at.getTime() <= Date.now() ? "expired" : "pending";
}

export function projectsOf({ projects }: InviteRow): InvitedProject[] {
  return JSON.parse(projects) as InvitedProject[];
}
