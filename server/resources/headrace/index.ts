import type { OperatorScope } from "@headrace/contract/common/operation.ts";
import type { operations } from "@headrace/contract/operations.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import type { AdminServices } from "../admin/index.ts";
import { createOrganizationEndpoint } from "./organizations/create-organization.ts";
import { listOrganizationsEndpoint } from "./organizations/list-organizations.ts";
import { retrieveOrganizationEndpoint } from "./organizations/retrieve-organization.ts";
import { updateOrganizationEndpoint } from "./organizations/update-organization.ts";

type OperatorOperationId = {
  [Id in keyof typeof operations]: (typeof operations)[Id]["scope"] extends OperatorScope ? Id : never;
}[keyof typeof operations];

/** What the operator of the installation can do, and OpenAI has no words for. */
export function createOperatorEndpoints(services: AdminServices): Record<OperatorOperationId, Endpoint> {
  return {
    listOrganizations: listOrganizationsEndpoint(services),
    createOrganization: createOrganizationEndpoint(services),
    retrieveOrganization: retrieveOrganizationEndpoint(services),
    updateOrganization: updateOrganizationEndpoint(services),
  };
}
