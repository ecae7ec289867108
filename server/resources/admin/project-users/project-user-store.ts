import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Selectable, Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../../../database/page-store.ts";
import type { ProjectMembersTable, Tables } from "../../../database/tables.ts";

/** A member of a project, with the address and the name that the person has in the organization. */
export type ProjectUserRow = Selectable<ProjectMembersTable> & { readonly email: string; readonly name: string };

type ProjectPlace = { readonly organizationId: string; readonly projectId: string };

const selectUsers = (transaction: Transaction<Tables>, { organizationId, projectId }: ProjectPlace) =>
  transaction
    .selectFrom("project_members")
    .innerJoin("organization_members as person", (join) =>
      join
        .onRef("person.organization_id", "=", "project_members.organization_id")
        .onRef("person.user_id", "=", "project_members.user_id"),
    )
    .select([
      "project_members.organization_id",
      "project_members.project_id",
      "project_members.user_id",
      "project_members.role",
      "project_members.created_at",
      "person.email",
      "person.name",
    ])
    .where("project_members.organization_id", "=", organizationId)
    .where("project_members.project_id", "=", projectId);

export async function pageOfProjectUsers(
  transaction: Transaction<Tables>,
  place: ProjectPlace,
  request: PageRequest,
): Promise<{ rows: ProjectUserRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "project_members", { project_id: place.projectId }, request);
  const rows = await selectUsers(transaction, place)
    .where(bounds.where)
    .orderBy("project_members.created_at", bounds.order)
    .orderBy("project_members.user_id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for somebody who is unknown, or not in the project. */
export async function requireProjectUser(
  transaction: Transaction<Tables>,
  place: ProjectPlace,
  userId: string,
): Promise<ProjectUserRow> {
  const row = await selectUsers(transaction, place).where("project_members.user_id", "=", userId).executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no user '${userId}' in this project.`, { param: "user_id" });
}

/** @returns whether the person was not in the project yet. */
export async function insertProjectUser(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectPlace,
  user: { readonly id: string; readonly role: ProjectUserRow["role"] },
): Promise<boolean> {
  const result = await transaction
    .insertInto("project_members")
    .values({ organization_id: organizationId, project_id: projectId, user_id: user.id, role: user.role })
    .onConflict((conflict) => conflict.columns(["project_id", "user_id"]).doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function updateProjectUserRow(
  transaction: Transaction<Tables>,
  { organization_id, project_id, user_id }: ProjectUserRow,
  role: ProjectUserRow["role"],
): Promise<void> {
  await transaction
    .updateTable("project_members")
    .set({ role })
    .where("organization_id", "=", organization_id)
    .where("project_id", "=", project_id)
    .where("user_id", "=", user_id)
    .execute();
}

export async function deleteProjectUserRow(
  transaction: Transaction<Tables>,
  { organization_id, project_id, user_id }: ProjectUserRow,
): Promise<void> {
  await transaction
    .deleteFrom("project_members")
    .where("organization_id", "=", organization_id)
    .where("project_id", "=", project_id)
    .where("user_id", "=", user_id)
    .execute();
}
