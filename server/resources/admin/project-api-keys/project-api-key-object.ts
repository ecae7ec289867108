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
    owner_project_access: "active",
  };
}

/** A key that was made on the command line belongs to nobody. */
function ownerOf(row: OrganizationKeyRow): ProjectApiKey["owner"] {
  const { service_account_id: id, account_name: name, account_role: role, account_created_at: createdAt } = row;
  if (id === null || name === null || role === null || createdAt === null) return {};
  return { type: "service_account", service_account: { id, name, role, created_at: seconds(createdAt) } };
}
