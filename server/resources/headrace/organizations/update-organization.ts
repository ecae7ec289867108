import { updateOrganization } from "@headrace/contract/headrace/organizations.ts";
import { appendAuditEvent } from "../../../audit/audit-log.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOrganization, updateOrganizationRow } from "../../../identity/identity-store.ts";
import { tellOrganizationChanged } from "../../../identity/tenant-state-store.ts";
import { type AdminServices, apiKeyActor } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const updateOrganizationEndpoint = ({ db, refreshKeys }: AdminServices) =>
  endpoint(updateOrganization, async ({ params, body, principal, context }) => {
    const row = await inPlatform(db, async (transaction) => {
      const before = await requireOrganization(transaction, params.organization_id);
      const change = { name: body.name ?? before.name, status: body.status ?? before.status };
      const after = await updateOrganizationRow(transaction, before.id, change);
      if (after.status !== before.status) await tellOrganizationChanged(transaction, after.id);
      await appendAuditEvent(transaction, {
        organizationId: after.id,
        type: "organization.updated",
        actor: apiKeyActor(principal.keyId, context),
        payload: { id: after.id, changes_requested: { title: after.name } },
      });
      return after;
    });
    await refreshKeys();
    return json(toOrganization(row));
  });
