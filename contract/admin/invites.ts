import { z } from "zod";
import { list } from "../common/collections.ts";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { deletedObject, email, organizationRole, platformId, projectRole } from "./fields.ts";
import { inviteProjectsMax } from "./limits.ts";
import { pageOf, pageQuery } from "./pagination.ts";

export const invite = z
  .object({
    id: z.string(),
    object: z.literal("organization.invite"),
    email: z.string(),
    role: organizationRole,
    status: z.enum(["pending", "accepted", "expired"]),
    projects: z.array(z.object({ id: z.string(), role: projectRole })),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    accepted_at: timestamp.nullable(),
  })
  .meta({ id: "Invite" });

export const createInviteBody = z
  .strictObject({
    email,
    role: organizationRole,
    /** Left out, it means the default project; an empty list means no project. */
    projects: list(z.strictObject({ id: platformId, role: projectRole }), { max: inviteProjectsMax }).optional(),
  })
  .meta({ id: "CreateInviteRequest" });

export const inviteList = pageOf(invite).meta({ id: "InviteList" });

export const inviteDeleted = deletedObject("organization.invite.deleted").meta({ id: "InviteDeleted" });

const params = z.strictObject({ invite_id: platformId });

export const listInvites = operation({
  id: "listInvites",
  method: "GET",
  path: "/v1/organization/invites",
  tag: "Invites",
  summary: "Lists the organization's invites.",
  scope: "api.management.read",
  query: pageQuery,
  response: inviteList,
  errors: [],
});

export const createInvite = operation({
  id: "createInvite",
  method: "POST",
  path: "/v1/organization/invites",
  tag: "Invites",
  summary: "Invites somebody to the organization, and to projects if these are named.",
  scope: "api.management.write",
  body: createInviteBody,
  response: invite,
  errors: ["not_found", "project_archived"],
});

export const retrieveInvite = operation({
  id: "retrieveInvite",
  method: "GET",
  path: "/v1/organization/invites/{invite_id}",
  tag: "Invites",
  summary: "Returns one invite.",
  scope: "api.management.read",
  params,
  response: invite,
  errors: ["not_found"],
});

export const deleteInvite = operation({
  id: "deleteInvite",
  method: "DELETE",
  path: "/v1/organization/invites/{invite_id}",
  tag: "Invites",
  summary: "Withdraws an invite that has not been accepted.",
  scope: "api.management.write",
  params,
  response: inviteDeleted,
  errors: ["not_found"],
});

export type Invite = z.output<typeof invite>;
export type CreateInviteBody = z.output<typeof createInviteBody>;
export type InviteDeleted = z.output<typeof inviteDeleted>;
