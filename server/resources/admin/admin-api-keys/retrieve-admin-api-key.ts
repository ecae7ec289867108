import { retrieveAdminApiKey } from "@headrace/contract/admin/admin-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { toAdminApiKey } from "./admin-api-key-object.ts";

export const retrieveAdminApiKeyEndpoint = (services: AdminServices) =>
  endpoint(retrieveAdminApiKey, async ({ params, principal }) => {
    const owner = { organizationId: principal.organizationId, projectId: null };
    const row = await readOrganization(services, principal, (transaction) =>
      requireKey(transaction, owner, params.key_id),
    );
    return json(toAdminApiKey(row));
  });
