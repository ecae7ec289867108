import { retrieveInvite } from "@headrace/contract/admin/invites.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toInvite } from "./invite-object.ts";
import { requireInvite } from "./invite-store.ts";

export const retrieveInviteEndpoint = (services: AdminServices) =>
  endpoint(retrieveInvite, async ({ params, principal }) => {
    const row = await readOrganization(services, principal, (transaction) =>
      requireInvite(transaction, principal.organizationId, params.invite_id),
    );
    return json(toInvite(row));
  });
