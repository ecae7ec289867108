import type { ProjectUser } from "@headrace/contract/admin/project-users.ts";
import { seconds } from "../page.ts";
import type { ProjectUserRow } from "./project-user-store.ts";

export function toProjectUser(row: ProjectUserRow): ProjectUser {
  return {
    id: row.user_id,
    object: "organization.project.user",
    name: row.name,
    email: row.email,
    role: row.role,
    added_at: seconds(row.created_at),
  };
}
