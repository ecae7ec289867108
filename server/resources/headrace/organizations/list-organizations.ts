import { listOrganizations } from "@headrace/contract/headrace/organizations.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { pageOfOrganizations } from "../../../identity/identity-store.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { toPage } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const listOrganizationsEndpoint = ({ db }: OperatorServices) =>
  endpoint(listOrganizations, async ({ query }) => {
    const { rows, bounds } = await inPlatform(db, (transaction) => pageOfOrganizations(transaction, query));
    return json(toPage(rows, bounds, toOrganization));
  });
