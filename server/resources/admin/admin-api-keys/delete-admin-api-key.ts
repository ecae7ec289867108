import { deleteAdminApiKey } from "@headrace/contract/admin/admin-api-keys.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { lockAdminKeys, requireKey, revokeKeys } from "../organization-key-store.ts";

export const deleteAdminApiKeyEndpoint = (services: AdminServices) =>
  endpoint(deleteAdminApiKey, async ({ params, principal, context }) => {
    const owner = { organizationId: principal.organizationId, projectId: null };
    const id = params.key_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const working = await lockAdminKeys(transaction, owner.organizationId);
      await requireKey(transaction, owner, id);
      if (working.every((each) => each === id)) {
        throw new ApiError(
          "invalid_value",
          "This is the organization's last admin key: nobody could administer it any more. Create another one first.",
          { param: "key_id" },
        );
      }
      await revokeKeys(transaction, owner, [id]);
      return { result: undefined, event: { type: "api_key.deleted", payload: { id } } };
    });
    return json({ id, object: "organization.admin_api_key.deleted", deleted: true });
  });
