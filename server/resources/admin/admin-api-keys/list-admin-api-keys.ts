import { listAdminApiKeys } from "@headrace/contract/admin/admin-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { pageOfKeys } from "../organization-key-store.ts";
import { toPage } from "../page.ts";
import { toAdminApiKey } from "./admin-api-key-object.ts";

export const listAdminApiKeysEndpoint = (services: AdminServices) =>
  endpoint(listAdminApiKeys, async ({ query, principal }) => {
    const { rows, bounds } = await readOrganization(services, principal, (transaction) =>
      pageOfKeys(transaction, { organizationId: principal.organizationId, projectId: null }, query),
    );
    return json(toPage(rows, bounds, toAdminApiKey));
  });
