import type { Kysely } from "kysely";
import { Secret } from "../../config/secret-value.ts";
import type { Tables } from "../../database/tables.ts";
import { inPlatform, inTenant } from "../../database/tenant.ts";
import type { AuditActor } from "../audit-events.ts";
import { appendAuditEvent } from "../audit-log.ts";
import { deriveAuditSigningKey } from "../signing-key.ts";

export const signingKey = deriveAuditSigningKey(new Secret("kV9rX2mQ7tLp4wZs8bNc3hJd6fGy1aEu"));

export const actor: AuditActor = {
  type: "api_key",
  id: "key_admin",
  owner: { type: "user", user: { id: "user_ann", email: "Ann@Example.com" } },
  ipAddress: "192.0.2.7",
  userAgent: "openai-node/7.57.0",
};

/** Organizations of these ids. */
export async function addOrganizations(db: Kysely<Tables>, ...ids: string[]): Promise<void> {
  await inPlatform(db, (transaction) =>
    transaction
      .insertInto("organizations")
      .values(ids.map((id) => ({ id, name: id })))
      .execute(),
  );
}

/** Appends `project.created` events, up to fifty a transaction. */
export async function appendEvents(db: Kysely<Tables>, organizationId: string, count: number): Promise<void> {
  for (let appended = 0; appended < count; ) {
    const batch = Math.min(50, count - appended);
    await inTenant(db, { organizationId }, async (transaction) => {
      for (let index = 0; index < batch; index++) {
        const id = `proj_${appended + index}`;
        await appendAuditEvent(transaction, {
          organizationId,
          type: "project.created",
          actor,
          project: { id, name: "A project" },
          payload: { id, data: { name: "A project", title: "A project" } },
        });
      }
    });
    appended += batch;
  }
}
