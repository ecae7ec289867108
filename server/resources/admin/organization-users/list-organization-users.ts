import { listOrganizationUsers } from "@headrace/contract/admin/organization-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toPage } from "../page.ts";
import { toOrganizationUser } from "./organization-user-object.ts";
import { pageOfOrganizationUsers } from "./organization-user-store.ts";

export const listOrganizationUsersEndpoint = (services: AdminServices) =>
  endpoint(listOrganizationUsers, async ({ query, principal }) => {
    const { rows, bounds } = await readOrganization(services, principal, (transaction) =>
      pageOfOrganizationUsers(transaction, principal.organizationId, query),
    );
    return json(toPage(rows, bounds, toOrganizationUser));
  });
