import type { AdminApiKey } from "@headrace/contract/admin/admin-api-keys.ts";
import type { OrganizationKeyRow } from "../organization-key-store.ts";
import { seconds, secondsOrNull } from "../page.ts";

export function toAdminApiKey(row: OrganizationKeyRow): AdminApiKey {
  return {
    id: row.id,
    object: "organization.admin_api_key",
    name: row.name,
    redacted_value: row.redacted,
    created_at: seconds(row.created_at),
    expires_at: secondsOrNull(row.expires_at),
    last_used_at: secondsOrNull(row.last_used_at),
    owner: {},
  };
}
