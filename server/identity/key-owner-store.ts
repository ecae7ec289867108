import type { Transaction } from "kysely";
import { appendChange } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import type { ProjectReference } from "./identity-store.ts";
import { keysTopic } from "./key-store.ts";

/** Somebody who can have a key of a project. */
export type KeyOwnerCandidate = { readonly id: string; readonly hasAccess: boolean };

/** A member of a project's organization, by id or by e-mail address. */
export async function findKeyOwner(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectReference,
  idOrEmail: string,
): Promise<KeyOwnerCandidate | undefined> {
  const row = await transaction
    .selectFrom("organization_members as m")
    .leftJoin("project_members as p", (join) =>
      join.onRef("p.user_id", "=", "m.user_id").on("p.project_id", "=", projectId),
    )
    .select(["m.user_id", "m.role", "p.role as project_role"])
    .where("m.organization_id", "=", organizationId)
    .where((or) => or.or([or("m.user_id", "=", idOrEmail), or("m.email_key", "=", idOrEmail.toLowerCase())]))
    .executeTakeFirst();
  return row && { id: row.user_id, hasAccess: row.role === "owner" || row.project_role !== null };
}

/** The ids of a person's keys in an organization that are not revoked. */
export async function keysOfUser(
  transaction: Transaction<Tables>,
  organizationId: string,
  userId: string,
): Promise<string[]> {
  const rows = await transaction
    .selectFrom("api_keys")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .execute();
  return rows.map((row) => row.id);
}

/** Tells every process to look at a person's keys anew, because what the person can reach has changed. */
export async function touchKeysOfUser(
  transaction: Transaction<Tables>,
  organizationId: string,
  userId: string,
): Promise<void> {
  for (const id of await keysOfUser(transaction, organizationId, userId)) {
    await appendChange(transaction, keysTopic, id);
  }
}
