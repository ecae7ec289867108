import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Selectable, Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../../../database/page-store.ts";
import type { ProjectsTable, Tables } from "../../../database/tables.ts";

export type ProjectRow = Selectable<ProjectsTable>;

const columns = ["id", "organization_id", "name", "status", "created_at", "archived_at"] as const;

export async function pageOfProjects(
  transaction: Transaction<Tables>,
  organizationId: string,
  request: PageRequest & { readonly includeArchived: boolean },
): Promise<{ rows: ProjectRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "projects", { organization_id: organizationId }, request);
  let query = transaction
    .selectFrom("projects")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where(bounds.where);
  if (!request.includeArchived) query = query.where("status", "=", "active");
  const rows = await query
    .orderBy("created_at", bounds.order)
    .orderBy("id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for an id that is unknown, or of another organization. */
export async function requireProject(
  transaction: Transaction<Tables>,
  organizationId: string,
  id: string,
  param = "project_id",
): Promise<ProjectRow> {
  const row = await transaction
    .selectFrom("projects")
    .select(columns)
    .where("id", "=", id)
    .where("organization_id", "=", organizationId)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no project '${id}'.`, { param });
}

/**
 * A project that can be changed, held until the transaction ends, so that it can't be archived meanwhile.
 * @throws ApiError `not_found` or `project_archived`.
 */
export async function requireActiveProject(
  transaction: Transaction<Tables>,
  organizationId: string,
  id: string,
  param = "project_id",
): Promise<ProjectRow> {
  const row = await transaction
    .selectFrom("projects")
    .select(columns)
    .where("id", "=", id)
    .where("organization_id", "=", organizationId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return requireProject(transaction, organizationId, id, param);
  if (row.status === "active") return row;
  throw new ApiError("project_archived", `The project '${id}' is archived and can't be changed any more.`, { param });
}

/** An organization's default project, which newcomers come into where nobody says otherwise. */
export function oldestActiveProject(
  transaction: Transaction<Tables>,
  organizationId: string,
): Promise<ProjectRow | undefined> {
  return transaction
    .selectFrom("projects")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where("status", "=", "active")
    .orderBy("created_at")
    .orderBy("id")
    .executeTakeFirst();
}

export function updateProjectRow(
  transaction: Transaction<Tables>,
  { id, organization_id }: ProjectRow,
  change: { readonly name: string } | { readonly archivedAt: Date },
): Promise<ProjectRow> {
  return transaction
    .updateTable("projects")
    .set("name" in change ? { name: change.name } : { status: "archived", archived_at: change.archivedAt })
    .where("id", "=", id)
    .where("organization_id", "=", organization_id)
    .returning(columns)
    .executeTakeFirstOrThrow();
}
