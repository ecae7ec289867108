import { ApiError } from "@headrace/contract/common/errors.ts";
import { type Selectable, sql, type Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../database/page-store.ts";
import type { OrganizationsTable, ProjectsTable, Tables } from "../database/tables.ts";
import { tellOrganizationChanged, tellProjectChanged } from "./tenant-state-store.ts";

export type OrganizationRow = Selectable<OrganizationsTable>;

const organizationColumns = ["id", "name", "status", "created_at"] as const;

export async function insertOrganization(
  transaction: Transaction<Tables>,
  id: string,
  name: string,
): Promise<OrganizationRow> {
  await tellOrganizationChanged(transaction, id);
  return transaction
    .insertInto("organizations")
    .values({ id, name, status: "active" })
    .returning(organizationColumns)
    .executeTakeFirstOrThrow();
}

export async function pageOfOrganizations(
  transaction: Transaction<Tables>,
  request: PageRequest,
): Promise<{ rows: OrganizationRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "organizations", {}, request);
  const rows = await transaction
    .selectFrom("organizations")
    .select(organizationColumns)
    .where(bounds.where)
    .orderBy("created_at", bounds.order)
    .orderBy("id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found`. */
export async function requireOrganization(transaction: Transaction<Tables>, id: string): Promise<OrganizationRow> {
  const row = await transaction
    .selectFrom("organizations")
    .select(organizationColumns)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no organization '${id}'.`, { param: "organization_id" });
}

/** `requireOrganization`, held until the transaction ends: of two changes at once the second sees the first. */
export async function lockOrganization(transaction: Transaction<Tables>, id: string): Promise<OrganizationRow> {
  await transaction.selectFrom("organizations").select("id").where("id", "=", id).forNoKeyUpdate().execute();
  return requireOrganization(transaction, id);
}

export function updateOrganizationRow(
  transaction: Transaction<Tables>,
  id: string,
  change: Pick<OrganizationRow, "name" | "status">,
): Promise<OrganizationRow> {
  return transaction
    .updateTable("organizations")
    .set(change)
    .where("id", "=", id)
    .returning(organizationColumns)
    .executeTakeFirstOrThrow();
}

const projectColumns = ["id", "organization_id", "name", "status", "created_at", "archived_at"] as const;

export async function insertProject(
  transaction: Transaction<Tables>,
  project: { readonly id: string; readonly organizationId: string; readonly name: string },
): Promise<Selectable<ProjectsTable>> {
  await tellProjectChanged(transaction, project.id);
  return transaction
    .insertInto("projects")
    .values({ id: project.id, organization_id: project.organizationId, name: project.name, status: "active" })
    .returning(projectColumns)
    .executeTakeFirstOrThrow();
}

export type ProjectReference = { readonly organizationId: string; readonly projectId: string };

/** The oldest project of the oldest organization: where a key goes when nobody says where. */
export async function findDefaultProject(transaction: Transaction<Tables>): Promise<ProjectReference | undefined> {
  const row = await transaction
    .selectFrom("projects")
    .innerJoin("organizations", "organizations.id", "projects.organization_id")
    .select(["projects.id as projectId", "organizations.id as organizationId"])
    .where("projects.status", "=", "active")
    .orderBy("organizations.created_at")
    .orderBy("projects.created_at")
    .orderBy("projects.id")
    .executeTakeFirst();
  return row;
}

export async function findProject(
  transaction: Transaction<Tables>,
  projectId: string,
): Promise<ProjectReference | undefined> {
  return transaction
    .selectFrom("projects")
    .select(["id as projectId", "organization_id as organizationId"])
    .where("id", "=", projectId)
    .where("status", "=", "active")
    .executeTakeFirst();
}

/** Any number that nothing else locks: the bytes of "head". */
const firstStartLock = 0x68656164;

/**
 * Whether the installation has its first organization. Two processes that start at once are told one after the other:
 * the second waits until the first one's transaction has ended.
 */
export async function hasOrganization(transaction: Transaction<Tables>): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${firstStartLock})`.execute(transaction);
  const row = await transaction.selectFrom("organizations").select("id").limit(1).executeTakeFirst();
  return row !== undefined;
}
