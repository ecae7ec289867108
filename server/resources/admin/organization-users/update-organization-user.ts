import { updateOrganizationUser, updateOrganizationUserServed } from "@headrace/contract/admin/organization-users.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { touchKeysOfUser } from "../../../identity/key-owner-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { lastOwner, toOrganizationUser } from "./organization-user-object.ts";
import { lockOrganizationUser, updateOrganizationUserRow } from "./organization-user-store.ts";

export const updateOrganizationUserEndpoint = (services: AdminServices) =>
  endpoint(updateOrganizationUser, async ({ params, body, principal, context }) => {
    refuseUnserved(updateOrganizationUserServed, body);
    const { organizationId } = principal;
    const { role, developer_persona, technical_level } = body;
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const { user, isLastOwner } = await lockOrganizationUser(transaction, organizationId, params.user_id);
      if (isLastOwner && role === "reader") throw lastOwner();
      const result = await updateOrganizationUserRow(transaction, user, {
        ...(typeof role === "string" ? { role } : {}),
        ...(developer_persona === undefined ? {} : { developer_persona }),
        ...(technical_level === undefined ? {} : { technical_level }),
      });
      if (result.role !== user.role) await touchKeysOfUser(transaction, organizationId, user.user_id);
      const changes = typeof role === "string" ? { role } : {};
      return { result, event: { type: "user.updated", payload: { id: user.user_id, changes_requested: changes } } };
    });
    return json(toOrganizationUser(row));
  });
