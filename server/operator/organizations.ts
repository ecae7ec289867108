import type { UpdateOrganizationBody } from "@headrace/contract/headrace/organizations.ts";
import type { AuditActor } from "../audit/audit-events.ts";
import { appendAuditEvent } from "../audit/audit-log.ts";
import { appendInstallationEvent } from "../audit/installation-log.ts";
import { inPlatform } from "../database/tenant.ts";
import { generateApiKey } from "../identity/api-key.ts";
import {
  insertOrganization,
  lockOrganization,
  type OrganizationRow,
  updateOrganizationRow,
} from "../identity/identity-store.ts";
import { newId } from "../identity/ids.ts";
import { tellOrganizationChanged } from "../identity/tenant-state-store.ts";
import type { OperatorServices } from "./operator-services.ts";

export type MadeOrganization = {
  readonly row: OrganizationRow;
  /** Its text is given once, here. */
  readonly adminKey: { readonly id: string; readonly value: string };
};

/** Makes an organization and its first admin key; the key's making stands in the organization's own audit log too. */
export async function createOrganization(
  { db, keys, refreshKeys }: OperatorServices,
  actor: AuditActor,
  { name }: { readonly name: string },
): Promise<MadeOrganization> {
  const value = generateApiKey("admin");
  const made = await inPlatform(db, async (transaction) => {
    const row = await insertOrganization(transaction, newId("org"), name);
    const organizationId = row.id;
    const id = await keys.add(transaction, {
      kind: "admin",
      key: value,
      name: "First admin key",
      project: { organizationId },
    });
    await appendAuditEvent(transaction, { organizationId, type: "api_key.created", actor, payload: { id, data: {} } });
    await appendInstallationEvent(transaction, { type: "organization.created", actor, payload: { id: row.id, name } });
    return { row, adminKey: { id, value } };
  });
  await refreshKeys();
  return made;
}

/**
 * Renames, suspends or takes up an organization. What is so already is left alone, and stands in no audit log.
 * @throws ApiError `not_found`
 */
export async function updateOrganization(
  { db, refreshKeys }: OperatorServices,
  actor: AuditActor,
  id: string,
  change: UpdateOrganizationBody,
): Promise<OrganizationRow> {
  const row = await inPlatform(db, async (transaction) => {
    const before = await lockOrganization(transaction, id);
    const name = change.name === before.name ? undefined : change.name;
    const status = change.status === before.status ? undefined : change.status;
    if (name === undefined && status === undefined) return before;
    const after = await updateOrganizationRow(transaction, id, {
      name: name ?? before.name,
      status: status ?? before.status,
    });
    if (status !== undefined) await tellOrganizationChanged(transaction, id);
    const statusChange = status === undefined ? {} : { status };
    await appendAuditEvent(transaction, {
      organizationId: id,
      type: "organization.updated",
      actor,
      payload: { id, changes_requested: { ...(name === undefined ? {} : { title: name }), ...statusChange } },
    });
    await appendInstallationEvent(transaction, {
      type: "organization.updated",
      actor,
      payload: { id, changes_requested: { ...(name === undefined ? {} : { name }), ...statusChange } },
    });
    return after;
  });
  await refreshKeys();
  return row;
}
