import { z } from "zod";
import { list } from "../common/collections.ts";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import type { ServedRules } from "../common/served.ts";
import { deletedObject, displayName, email, organizationRole, platformId } from "./fields.ts";
import { filterValuesMax } from "./limits.ts";
import { pageOf, pageQuery } from "./pagination.ts";

const nestedUser = z.object({
  id: z.string(),
  object: z.literal("user"),
  email: z.string().nullish(),
  name: z.string().nullish(),
  picture: z.string().nullish(),
  enabled: z.boolean().nullish(),
  banned: z.boolean().nullish(),
  banned_at: timestamp.nullish(),
});

const membership = z.object({ id: z.string().nullish(), name: z.string().nullish(), role: z.string().nullish() });

export const organizationUser = z
  .object({
    id: z.string(),
    object: z.literal("organization.user"),
    name: z.string().nullable(),
    email: z.string(),
    role: organizationRole,
    added_at: timestamp,
    created: timestamp.optional(),
    api_key_last_used_at: timestamp.nullish(),
    developer_persona: z.string().nullish(),
    technical_level: z.string().nullish(),
    is_default: z.boolean().optional(),
    is_scale_tier_authorized_purchaser: z.boolean().nullish(),
    is_scim_managed: z.boolean().optional(),
    is_service_account: z.boolean().optional(),
    projects: z.object({ object: z.literal("list"), data: z.array(membership) }).nullish(),
    user: nestedUser.optional(),
  })
  .meta({ id: "OrganizationUser" });

export const updateOrganizationUserBody = z
  .strictObject({
    role: organizationRole.nullish(),
    role_id: platformId.nullish(),
    developer_persona: displayName.nullish(),
    technical_level: displayName.nullish(),
  })
  .meta({ id: "UpdateOrganizationUserRequest" });

export const listOrganizationUsersQuery = pageQuery.extend({
  emails: list(email, { max: filterValuesMax }).optional(),
});

export const organizationUserList = pageOf(organizationUser).meta({ id: "OrganizationUserList" });

export const organizationUserDeleted = deletedObject("organization.user.deleted").meta({
  id: "OrganizationUserDeleted",
});

const params = z.strictObject({ user_id: platformId });

export const listOrganizationUsers = operation({
  id: "listOrganizationUsers",
  method: "GET",
  path: "/v1/organization/users",
  tag: "Organization users",
  summary: "Lists the organization's users.",
  scope: "api.management.read",
  query: listOrganizationUsersQuery,
  response: organizationUserList,
  errors: [],
});

export const retrieveOrganizationUser = operation({
  id: "retrieveOrganizationUser",
  method: "GET",
  path: "/v1/organization/users/{user_id}",
  tag: "Organization users",
  summary: "Returns one user.",
  scope: "api.management.read",
  params,
  response: organizationUser,
  errors: ["not_found"],
});

export const updateOrganizationUser = operation({
  id: "updateOrganizationUser",
  method: "POST",
  path: "/v1/organization/users/{user_id}",
  tag: "Organization users",
  summary: "Changes a user's role in the organization.",
  scope: "api.management.write",
  params,
  body: updateOrganizationUserBody,
  response: organizationUser,
  errors: ["not_found", "unsupported_parameter"],
});

export const deleteOrganizationUser = operation({
  id: "deleteOrganizationUser",
  method: "DELETE",
  path: "/v1/organization/users/{user_id}",
  tag: "Organization users",
  summary: "Removes a user from the organization and from its projects.",
  scope: "api.management.write",
  params,
  response: organizationUserDeleted,
  errors: ["not_found"],
});

export type OrganizationUser = z.output<typeof organizationUser>;
export type UpdateOrganizationUserBody = z.output<typeof updateOrganizationUserBody>;
export type ListOrganizationUsersQuery = z.output<typeof listOrganizationUsersQuery>;
export type OrganizationUserDeleted = z.output<typeof organizationUserDeleted>;

export const updateOrganizationUserServed: ServedRules<UpdateOrganizationUserBody> = {
  where: "",
  parameters: {
    role: "served",
    role_id: { only: [null] },
    developer_persona: "served",
    technical_level: "served",
  },
};
