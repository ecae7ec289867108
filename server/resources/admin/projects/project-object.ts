import type { Project } from "@headrace/contract/admin/projects.ts";
import { seconds, secondsOrNull } from "../page.ts";
import type { ProjectRow } from "./project-store.ts";

export function toProject(row: ProjectRow): Project {
  return {
    id: row.id,
    object: "organization.project",
    name: row.name,
    status: row.status,
    created_at: seconds(row.created_at),
    archived_at: secondsOrNull(row.archived_at),
  };
}
