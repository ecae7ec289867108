import type { Transaction } from "kysely";
import type { Tables } from "../../../database/tables.ts";
import { newId } from "../../../identity/ids.ts";
import { projectsOf } from "./invite-object.ts";
import type { InviteRow } from "./invite-store.ts";

/** An invite and its organization, held until the transaction ends. */
export type OpenInvite = InviteRow & {
  readonly organization_name: string;
  readonly organization_status: "active" | "suspended";
};

/** The invite with this token that can still be accepted; needs the platform's scope. */
export function lockOpenInvite(
  transaction: Transaction<Tables>,
  tokenHash: Uint8Array,
): Promise<OpenInvite | undefined> {
  return transaction
    .selectFrom("invites")
    .innerJoin("organizations", "organizations.id", "invites.organization_id")
    .selectAll("invites")
    .select(["organizations.name as organization_name", "organizations.status as organization_status"])
    .where("token_hash", "=", Buffer.from(tokenHash))
    .where("accepted_at", "is", null)
    .where("expires_at", ">", new Date())
    .forUpdate("invites")
    .executeTakeFirst();
}

/** The person with the invited address, who is made where there is none yet; needs the platform's scope. */
export async function findOrMakeUser(transaction: Transaction<Tables>, { email_key }: InviteRow): Promise<string> {
  await transaction
    .insertInto("users")
    .values({ id: newId("user"), email_key })
    .onConflict((conflict) => conflict.column("email_key").doNothing())
    .execute();
  const { id } = await transaction
    .selectFrom("users")
    .select("id")
    .where("email_key", "=", email_key)
    .executeTakeFirstOrThrow();
  return id;
}

/** Makes a person what the invite says, in the organization and in those of its projects that are still active. */
export async function admitUser(
  transaction: Transaction<Tables>,
  invite: InviteRow,
  user: { readonly id: string; readonly name: string },
): Promise<void> {
  const { organization_id } = invite;
  // Who is a member already, by an older invite that was accepted in its last moment, stays as that one said.
  await transaction
    .insertInto("organization_members")
    .values({
      organization_id,
      user_id: user.id,
      email: invite.email,
      email_key: invite.email_key,
      name: user.name,
      role: invite.role,
    })
    .onConflict((conflict) => conflict.columns(["organization_id", "user_id"]).doNothing())
    .execute();
  for (const { id, role } of projectsOf(invite)) {
    await transaction
      .insertInto("project_members")
      .columns(["organization_id", "project_id", "user_id", "role"])
      .expression((from) =>
        from
          .selectFrom("projects")
          .select(({ val }) => ["organization_id", "id", val(user.id).as("user_id"), val(role).as("role")])
          .where("id", "=", id)
          .where("organization_id", "=", organization_id)
          .where("status", "=", "active"),
      )
      .onConflict((conflict) => conflict.columns(["project_id", "user_id"]).doNothing())
      .execute();
  }
  await transaction.updateTable("invites").set({ accepted_at: new Date() }).where("id", "=", invite.id).execute();
}
