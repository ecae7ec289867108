import { retrieveOrganizationUser } from "@headrace/contract/admin/organization-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toOrganizationUser } from "./organization-user-object.ts";
import { requireOrganizationUser } from "./organization-user-store.ts";

export const retrieveOrganizationUserEndpoint = (services: AdminServices) =>
  endpoint(retrieveOrganizationUser, async ({ params, principal }) => {
    const row = await readOrganization(services, principal, (transaction) =>
      requireOrganizationUser(transaction, principal.organizationId, params),
    );
    return json(toOrganizationUser(row));
  });
