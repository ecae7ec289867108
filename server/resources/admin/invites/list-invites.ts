import { listInvites } from "@headrace/contract/admin/invites.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toPage } from "../page.ts";
import { toInvite } from "./invite-object.ts";
import { pageOfInvites } from "./invite-store.ts";

export const listInvitesEndpoint = (services: AdminServices) =>
  endpoint(listInvites, async ({ query, principal }) => {
    const { rows, bounds } = await readOrganization(services, principal, (transaction) =>
      pageOfInvites(transaction, principal.organizationId, query),
    );
    return json(toPage(rows, bounds, toInvite));
  });
