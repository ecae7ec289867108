import type { CreateInviteBody } from "@headrace/contract/admin/invites.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Selectable, Transaction } from "kysely";
import { type PageBounds, type PageRequest, pageBounds } from "../../../database/page-store.ts";
import type { InvitesTable, Tables } from "../../../database/tables.ts";

/** A project that an invite lets its person into. */
export type InvitedProject = NonNullable<CreateInviteBody["projects"]>[number];

export type InviteRow = Omit<Selectable<InvitesTable>, "token_hash">;

const columns = [
  "id",
  "organization_id",
  "email",
  "email_key",
  "role",
  "projects",
  "created_at",
  "expires_at",
  "accepted_at",
] as const;

export async function pageOfInvites(
  transaction: Transaction<Tables>,
  organizationId: string,
  request: PageRequest,
): Promise<{ rows: InviteRow[]; bounds: PageBounds }> {
  const bounds = await pageBounds(transaction, "invites", { organization_id: organizationId }, request);
  const rows = await transaction
    .selectFrom("invites")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where(bounds.where)
    .orderBy("created_at", bounds.order)
    .orderBy("id", bounds.order)
    .limit(bounds.rowsMax)
    .execute();
  return { rows, bounds };
}

/** @throws ApiError `not_found` for an id that is unknown, or of another organization. */
export async function requireInvite(
  transaction: Transaction<Tables>,
  organizationId: string,
  id: string,
  { locked = false } = {},
): Promise<InviteRow> {
  let query = transaction
    .selectFrom("invites")
    .select(columns)
    .where("organization_id", "=", organizationId)
    .where("id", "=", id);
  if (locked) query = query.forUpdate();
  const row = await query.executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", `There is no invite '${id}'.`, { param: "invite_id" });
}

/**
 * Whether an address is invited or a member already. Of two that invite the same address at once, the second waits here
 * until the first one has ended.
 */
export async function findAddress(
  transaction: Transaction<Tables>,
  organizationId: string,
  email: string,
): Promise<"invited" | "member" | "unknown"> {
  await transaction
    .selectFrom("organizations")
    .select("id")
    .where("id", "=", organizationId)
    .forNoKeyUpdate()
    .execute();
  // In this order: an invite that is accepted between the two questions shows as a member.
  const invite = await transaction
    .selectFrom("invites")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("email_key", "=", email.toLowerCase())
    .where("accepted_at", "is", null)
    .where("expires_at", ">", new Date())
    .executeTakeFirst();
  if (invite !== undefined) return "invited";
  const member = await transaction
    .selectFrom("organization_members")
    .select("user_id")
    .where("organization_id", "=", organizationId)
    .where("email_key", "=", email.toLowerCase())
    .executeTakeFirst();
  return member === undefined ? "unknown" : "member";
}

export function insertInvite(
  transaction: Transaction<Tables>,
  invite: Pick<InviteRow, "id" | "organization_id" | "email" | "role" | "created_at" | "expires_at"> & {
    readonly projects: readonly InvitedProject[];
    readonly tokenHash: Uint8Array;
  },
): Promise<InviteRow> {
  const { projects, tokenHash, ...row } = invite;
  return transaction
    .insertInto("invites")
    .values({
      ...row,
      email_key: row.email.toLowerCase(),
      projects: JSON.stringify(projects),
      token_hash: Buffer.from(tokenHash),
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
}

export async function deleteInviteRow(
  transaction: Transaction<Tables>,
  { id, organization_id }: InviteRow,
): Promise<void> {
  await transaction.deleteFrom("invites").where("id", "=", id).where("organization_id", "=", organization_id).execute();
}
