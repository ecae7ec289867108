import { updateOrganizationDataRetention } from "@headrace/contract/admin/data-retention.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { saveOrganizationRetention } from "../../../identity/tenant-settings-store.ts";
import { tellOrganizationChanged } from "../../../identity/tenant-state-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { toOrganizationDataRetention } from "./data-retention-objects.ts";

export const updateOrganizationDataRetentionEndpoint = (services: AdminServices) =>
  endpoint(updateOrganizationDataRetention, async ({ body, principal, context }) => {
    const { organizationId: id } = principal;
    const result = body.retention_type;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      await saveOrganizationRetention(transaction, id, result);
      await tellOrganizationChanged(transaction, id);
      const payload = { id, changes_requested: { data_retention: result } };
      return { result, event: { type: "organization.updated", payload } };
    });
    return json(toOrganizationDataRetention(result));
  });
