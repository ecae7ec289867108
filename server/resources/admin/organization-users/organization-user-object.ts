import type { OrganizationUser } from "@headrace/contract/admin/organization-users.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { seconds, secondsOrNull } from "../page.ts";
import type { OrganizationUserRow } from "./organization-user-store.ts";

/** When the person was first seen anywhere (OpenAI's `created`) is left out: it would tell of other organizations. */
export function toOrganizationUser(row: OrganizationUserRow): OrganizationUser {
  return {
    id: row.user_id,
    object: "organization.user",
    name: row.name,
    email: row.email,
    role: row.role,
    added_at: seconds(row.created_at),
    api_key_last_used_at: secondsOrNull(row.key_last_used_at),
    developer_persona: row.developer_persona,
    technical_level: row.technical_level,
  };
}

export function lastOwner(): ApiError {
  return new ApiError(
    "invalid_value",
    "This is the organization's last owner: nobody would be responsible for it any more. Make somebody else an owner first.",
    { param: "user_id" },
  );
}
