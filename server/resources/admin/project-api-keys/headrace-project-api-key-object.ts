import type { HeadraceProjectApiKey } from "@headrace/contract/headrace/project-api-keys.ts";
import type { OrganizationKeyRow } from "../organization-key-store.ts";
import { seconds, secondsOrNull } from "../page.ts";

export function toHeadraceProjectApiKey(row: OrganizationKeyRow, projectId: string): HeadraceProjectApiKey {
  return {
    id: row.id,
    object: "headrace.project_api_key",
    project_id: projectId,
    name: row.name,
    redacted_value: row.redacted,
    created_at: seconds(row.created_at),
    expires_at: secondsOrNull(row.expires_at),
    last_used_at: secondsOrNull(row.last_used_at),
    scopes: row.scopes ?? [],
    models: row.allowed_models,
    ip_addresses: row.allowed_addresses,
    replaced_by: row.replaced_by,
  };
}
