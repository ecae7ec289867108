import { retrieveOrganizationDataRetention } from "@headrace/contract/admin/data-retention.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { readOrganizationRetention } from "../../../identity/tenant-settings-store.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toOrganizationDataRetention } from "./data-retention-objects.ts";

export const retrieveOrganizationDataRetentionEndpoint = (services: AdminServices) =>
  endpoint(retrieveOrganizationDataRetention, async ({ principal }) => {
    const retention = await readOrganization(services, principal, (transaction) =>
      readOrganizationRetention(transaction, principal.organizationId),
    );
    return json(toOrganizationDataRetention(retention));
  });
