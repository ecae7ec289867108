import { deleteOrganizationUser } from "@headrace/contract/admin/organization-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { keysOfUser } from "../../../identity/key-owner-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { revokeKeys } from "../organization-key-store.ts";
import { lastOwner } from "./organization-user-object.ts";
import { deleteOrganizationUserRow, lockOrganizationUser } from "./organization-user-store.ts";

export const deleteOrganizationUserEndpoint = (services: AdminServices) =>
  endpoint(deleteOrganizationUser, async ({ params, principal, context }) => {
    const { organizationId } = principal;
    const id = params.user_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const { user, isLastOwner } = await lockOrganizationUser(transaction, organizationId, id);
      if (isLastOwner) throw lastOwner();
      const keys = await keysOfUser(transaction, organizationId, id);
      await revokeKeys(transaction, { organizationId, projectId: null }, keys);
      await deleteOrganizationUserRow(transaction, user);
      return { result: undefined, event: { type: "user.deleted", payload: { id } } };
    });
    return json({ id, object: "organization.user.deleted", deleted: true });
  });
