import type { ProjectApiKey } from "@headrace/contract/admin/project-api-keys.ts";
import type { OrganizationKeyRow } from "../organization-key-store.ts";
import { seconds, secondsOrNull } from "../page.ts";

export function toProjectApiKey(row: OrganizationKeyRow): ProjectApiKey {
  return {
    id: row.id,
    object: "organization.project.api_key",
    name: row.name,
    redacted_value: row.redacted,
    created_at: seconds(row.created_at),
    expires_at: secondsOrNull(row.expires_at),
    last_used_at: secondsOrNull(row.last_used_at),
    owner: ownerOf(row),
    owner_project_access: row.owner_has_access ? "active" : "inactive",
  };
}

/** A key that was made on the command line belongs to nobody, unless its user was named. */
function ownerOf(row: OrganizationKeyRow): ProjectApiKey["owner"] {
  return userOf(row) ?? accountOf(row) ?? {};
}

function userOf(row: OrganizationKeyRow): ProjectApiKey["owner"] | undefined {
  const { user_id: id, user_email: email, user_name: name, user_role: role, user_added_at: addedAt } = row;
  if (id === null || email === null || name === null || role === null || addedAt === null) return undefined;
  return { type: "user", user: { id, email, name, role, created_at: seconds(addedAt) } };
}

function accountOf(row: OrganizationKeyRow): ProjectApiKey["owner"] | undefined {
  const { service_account_id: id, account_name: name, account_role: role, account_created_at: createdAt } = row;
  if (id === null || name === null || role === null || createdAt === null) return undefined;
  return { type: "service_account", service_account: { id, name, role, created_at: seconds(createdAt) } };
}
