import type { Transaction } from "kysely";
import { appendChange } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import {
  defaultOrganizationRetention,
  defaultProjectSettings,
  type OrganizationRetention,
  type ProjectRetention,
  type SettledPolicy,
  toProjectPolicy,
} from "./tenant-settings.ts";
import { readSettingsByProject } from "./tenant-settings-store.ts";

/** The change log's topics; an entry's key is the id of what has changed. */
export const organizationsTopic = "organizations";
export const projectsTopic = "projects";

/** What the check of a key has to know of its organization. */
export type OrganizationState = {
  readonly id: string;
  readonly status: "active" | "suspended";
  readonly dataRetention: OrganizationRetention;
};

/** What the check of a key has to know of its project. */
export type ProjectState = {
  readonly id: string;
  readonly organizationId: string;
  readonly status: "active" | "archived";
  readonly policy: SettledPolicy;
  readonly dataRetention: ProjectRetention;
};

/** Tells every process to look at an organization anew. */
export function tellOrganizationChanged(transaction: Transaction<Tables>, id: string): Promise<void> {
  return appendChange(transaction, organizationsTopic, id);
}

/** Tells every process to look at a project, and what it may do, anew. */
export function tellProjectChanged(transaction: Transaction<Tables>, id: string): Promise<void> {
  return appendChange(transaction, projectsTopic, id);
}

/** All organizations, or these; needs the platform's scope. */
export async function readOrganizationStates(
  transaction: Transaction<Tables>,
  ids?: readonly string[],
): Promise<OrganizationState[]> {
  const query = transaction
    .selectFrom("organizations")
    .leftJoin("organization_settings", "organization_settings.organization_id", "organizations.id")
    .select(["id", "status", "data_retention"]);
  const rows = await (ids === undefined ? query : query.where("id", "in", ids)).execute();
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    dataRetention: row.data_retention ?? defaultOrganizationRetention,
  }));
}

/** All projects, or these; needs the platform's scope. */
export async function readProjectStates(
  transaction: Transaction<Tables>,
  ids?: readonly string[],
): Promise<ProjectState[]> {
  const query = transaction.selectFrom("projects").select(["id", "organization_id", "status"]);
  const rows = await (ids === undefined ? query : query.where("id", "in", ids)).execute();
  const settings = await readSettingsByProject(transaction, ids);
  return rows.map((row) => {
    const own = settings.get(row.id) ?? defaultProjectSettings;
    return {
      id: row.id,
      organizationId: row.organization_id,
      status: row.status,
      policy: toProjectPolicy(own),
      dataRetention: own.dataRetention,
    };
  });
}
