import { retrieveOrganization } from "@headrace/contract/headrace/organizations.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOrganization } from "../../../identity/identity-store.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { toOrganization } from "./organization-object.ts";

export const retrieveOrganizationEndpoint = ({ db }: OperatorServices) =>
  endpoint(retrieveOrganization, async ({ params }) => {
    const row = await inPlatform(db, (transaction) => requireOrganization(transaction, params.organization_id));
    return json(toOrganization(row));
  });
