import { deleteAdminApiKey } from "@headrace/contract/admin/admin-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { refuseLastKey } from "../../../identity/last-key.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireKey, revokeKeys } from "../organization-key-store.ts";

export const deleteAdminApiKeyEndpoint = (services: AdminServices) =>
  endpoint(deleteAdminApiKey, async ({ params, principal, context }) => {
    const { organizationId } = principal;
    const owner = { organizationId, projectId: null };
    const id = params.key_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      await refuseLastKey(transaction, { kind: "admin", organizationId }, id);
      await requireKey(transaction, owner, id);
      await revokeKeys(transaction, owner, [id]);
      return { result: undefined, event: { type: "api_key.deleted", payload: { id } } };
    });
    return json({ id, object: "organization.admin_api_key.deleted", deleted: true });
  });
