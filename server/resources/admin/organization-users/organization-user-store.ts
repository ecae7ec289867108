import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Selectable, Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../../../database/page-store.ts";
import type { OrganizationMembersTable, Tables } from "../../../database/tables.ts";

/** A member of an organization, and when one of the member's keys was last used. */
export type OrganizationUserRow = Omit<Selectable<OrganizationMembersTable>, "email_key"> & {
  readonly key_last_used_at: Date | null;
};

const selectUsers = (transaction: Transaction<Tables>, organizationId: string) =>
  transaction
    .selectFrom("organization_members")
    .select((row) => [
      "organization_id",
      "user_id",
      "email",
      "name",
      "role",
      "developer_persona",
      "technical_level",
      "created_at",
      row
        .selectFrom("api_keys")
        .select(({ fn }) => fn.max("last_used_at").as("last"))
        .where("api_keys.organization_id", "=", organizationId)
        .whereRef("api_keys.user_id", "=", "organization_members.user_id")
        .as("key_last_used_at"),
    ])
    .where("organization_id", "=", organizationId);

export async function pageOfOrganizationUsers(
  transaction: Transaction<Tables>,
  organizationId: string,
  { emails, ...request }: PageRequest & { readonly emails?: readonly string[] | undefined },
): Promise<{ rows: OrganizationUserRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "organization_members", { organization_id: organizationId }, request);
  let query = selectUsers(transaction, organizationId).where(bounds.where);
  if (emails !== undefined && emails.length > 0) {
    query = query.where("email_key", "in", [...new Set(emails.map((email) => email.toLowerCase()))]);
  }
  const rows = await query
    .orderBy("created_at", bounds.order)
    .orderBy("user_id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** How a member is named: by id, or by e-mail address in any case. */
export type UserReference = { readonly user_id: string } | { readonly email: string };

/** @throws ApiError `not_found` for somebody who is unknown, or of another organization. */
export async function requireOrganizationUser(
  transaction: Transaction<Tables>,
  organizationId: string,
  reference: UserReference,
): Promise<OrganizationUserRow> {
  const row = await selectUsers(transaction, organizationId)
    .where((user) =>
      "user_id" in reference
        ? user("user_id", "=", reference.user_id)
        : user("email_key", "=", reference.email.toLowerCase()),
    )
    .executeTakeFirst();
  if (row !== undefined) return row;
  const [param, value] = "user_id" in reference ? ["user_id", reference.user_id] : ["email", reference.email];
  throw new ApiError("not_found", `There is no user '${value}' in this organization.`, { param });
}

/**
 * A member who can be changed, held until the transaction ends, after the organization's owners: of two that each take
 * one of the last two owners away, the second sees that its own would be the last. A key that is just being made for the
 * member is waited for.
 * @throws ApiError `not_found`.
 */
export async function lockOrganizationUser(
  transaction: Transaction<Tables>,
  organizationId: string,
  userId: string,
): Promise<{ readonly user: OrganizationUserRow; readonly isLastOwner: boolean }> {
  const locked = (where: { readonly role: "owner" } | { readonly user_id: string }) =>
    transaction
      .selectFrom("organization_members")
      .select("user_id")
      .where("organization_id", "=", organizationId)
      .where((row) => row.and(where))
      .orderBy("user_id")
      .forUpdate()
      .execute();
  const owners = await locked({ role: "owner" });
  await locked({ user_id: userId });
  const user = await requireOrganizationUser(transaction, organizationId, { user_id: userId });
  return { user, isLastOwner: user.role === "owner" && owners.every((owner) => owner.user_id === userId) };
}

export async function updateOrganizationUserRow(
  transaction: Transaction<Tables>,
  { organization_id, user_id }: OrganizationUserRow,
  change: Partial<Pick<OrganizationUserRow, "role" | "developer_persona" | "technical_level">>,
): Promise<OrganizationUserRow> {
  if (Object.keys(change).length > 0) {
    await transaction
      .updateTable("organization_members")
      .set(change)
      .where("organization_id", "=", organization_id)
      .where("user_id", "=", user_id)
      .execute();
  }
  return requireOrganizationUser(transaction, organization_id, { user_id });
}

/** Takes a member out of the organization, and so out of all its projects. */
export async function deleteOrganizationUserRow(
  transaction: Transaction<Tables>,
  { organization_id, user_id }: OrganizationUserRow,
): Promise<void> {
  await transaction
    .deleteFrom("organization_members")
    .where("organization_id", "=", organization_id)
    .where("user_id", "=", user_id)
    .execute();
}
