import { z } from "zod";

const id = z.string().optional();
const text = z.string().optional();
const texts = z.array(z.string()).optional();
const onlyId = z.object({ id });
const role = z.object({ role: text }).optional();
const failure = z.object({ error_code: text, error_message: text });

const roleAssignment = z.object({
  id,
  principal_id: text,
  principal_type: text,
  resource_id: text,
  resource_type: text,
});

const boundRole = z.object({
  id,
  connector_id: text,
  connector_name: text,
  enabled: z.boolean().optional(),
  permissions: texts,
  resource_id: text,
  resource_type: text,
  role_id: text,
  source: z
    .enum(["role_toggle", "role_connector_update", "role_delete", "workspace_permissions", "connector_publish"])
    .optional(),
  workspace_id: text,
});

/** What the audit log tells of keys, accounts, people, groups and roles, by the type of the event. */
export const memberEventDetails = {
  "api_key.created": z.object({ id, data: z.object({ scopes: texts }).optional() }),
  "api_key.updated": z.object({
    id,
    changes_requested: z.object({ scopes: texts, expires_in_seconds: z.number().optional() }).optional(),
  }),
  "api_key.deleted": onlyId,
  "group.created": z.object({ id, data: z.object({ group_name: text }).optional() }),
  "group.updated": z.object({ id, changes_requested: z.object({ group_name: text }).optional() }),
  "group.deleted": onlyId,
  "invite.sent": z.object({ id, data: z.object({ email: text, role: text }).optional() }),
  "invite.accepted": onlyId,
  "invite.deleted": onlyId,
  "login.succeeded": z.object({}),
  "login.failed": failure,
  "logout.succeeded": z.object({}),
  "logout.failed": failure,
  "role.created": z.object({ id, permissions: texts, resource_id: text, resource_type: text, role_name: text }),
  "role.updated": z.object({
    id,
    changes_requested: z
      .object({
        description: text,
        metadata: z.unknown().optional(),
        permissions_added: texts,
        permissions_removed: texts,
        resource_id: text,
        resource_type: text,
        role_name: text,
      })
      .optional(),
  }),
  "role.deleted": onlyId,
  "role.assignment.created": roleAssignment,
  "role.assignment.deleted": roleAssignment,
  "role.bound_to_resource": boundRole,
  "role.unbound_from_resource": boundRole,
  "scim.enabled": onlyId,
  "scim.disabled": onlyId,
  "service_account.created": z.object({ id, data: role }),
  "service_account.updated": z.object({ id, changes_requested: role }),
  "service_account.deleted": onlyId,
  "user.added": z.object({ id, data: role }),
  "user.updated": z.object({ id, changes_requested: role }),
  "user.deleted": onlyId,
};
