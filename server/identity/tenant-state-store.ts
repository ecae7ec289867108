import type { Transaction } from "kysely";
import { appendChange } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import type { ProjectPolicy } from "../ports/principal.ts";

/** The change log's topics; an entry's key is the id of what has changed. */
export const organizationsTopic = "organizations";
export const projectsTopic = "projects";

/** What the check of a key has to know of its organization. */
export type OrganizationState = { readonly id: string; readonly status: "active" | "suspended" };

/** What the check of a key has to know of its project. */
export type ProjectState = {
  readonly id: string;
  readonly status: "active" | "archived";
  readonly policy: ProjectPolicy;
};

/** What a project may do that nobody has set anything for. */
const defaultPolicy: ProjectPolicy = {
  models: undefined,
  hostedTools: { code_interpreter: true, file_search: true, image_generation: true, mcp: true, web_search: true },
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
  const query = transaction.selectFrom("organizations").select(["id", "status"]);
  return (ids === undefined ? query : query.where("id", "in", ids)).execute();
}

/** All projects, or these; needs the platform's scope. */
export async function readProjectStates(
  transaction: Transaction<Tables>,
  ids?: readonly string[],
): Promise<ProjectState[]> {
  const query = transaction.selectFrom("projects").select(["id", "status"]);
  const rows = await (ids === undefined ? query : query.where("id", "in", ids)).execute();
  return rows.map((row) => ({ ...row, policy: defaultPolicy }));
}
