import type { HeadraceOrganization } from "@headrace/contract/headrace/organizations.ts";
import type { OrganizationRow } from "../../../identity/identity-store.ts";
import { seconds } from "../../admin/index.ts";

export function toOrganization(row: OrganizationRow): HeadraceOrganization {
  return {
    id: row.id,
    object: "headrace.organization",
    name: row.name,
    status: row.status,
    created_at: seconds(row.created_at),
  };
}
