import { retrieveOrganization } from "@headrace/contract/headrace/organizations.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOrganization } from "../../../identity/identity-store.ts";
import type { AdminServices } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const retrieveOrganizationEndpoint = ({ db }: AdminServices) =>
  endpoint(retrieveOrganization, async ({ params }) => {
    const row = await inPlatform(db, (transaction) => requireOrganization(transaction, params.organization_id));
    return json(toOrganization(row));
  });
