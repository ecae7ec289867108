import type { OperatorScope } from "@headrace/contract/common/operation.ts";
import type { operations } from "@headrace/contract/operations.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { listInstallationAuditLogsEndpoint } from "./audit-logs/list-installation-audit-logs.ts";
import { verifyInstallationAuditLogsEndpoint } from "./audit-verification/verify-installation-audit-logs.ts";
import { verifyOrganizationAuditLogsEndpoint } from "./audit-verification/verify-organization-audit-logs.ts";
import { retrieveHealthEndpoint } from "./health/retrieve-health.ts";
import type { InstallationServices } from "./installation-services.ts";
import { createOperatorApiKeyEndpoint } from "./operator-api-keys/create-operator-api-key.ts";
import { deleteOperatorApiKeyEndpoint } from "./operator-api-keys/delete-operator-api-key.ts";
import { listOperatorApiKeysEndpoint } from "./operator-api-keys/list-operator-api-keys.ts";
import { retrieveOperatorApiKeyEndpoint } from "./operator-api-keys/retrieve-operator-api-key.ts";
import { createOrganizationEndpoint } from "./organizations/create-organization.ts";
import { listOrganizationsEndpoint } from "./organizations/list-organizations.ts";
import { retrieveOrganizationEndpoint } from "./organizations/retrieve-organization.ts";
import { updateOrganizationEndpoint } from "./organizations/update-organization.ts";

type OperatorOperationId = {
  [Id in keyof typeof operations]: (typeof operations)[Id]["scope"] extends OperatorScope ? Id : never;
}[keyof typeof operations];

export type { InstallationServices } from "./installation-services.ts";

/** What the operator of the installation can do, and OpenAI has no words for. */
export function createOperatorEndpoints(services: InstallationServices): Record<OperatorOperationId, Endpoint> {
  return {
    listOrganizations: listOrganizationsEndpoint(services),
    createOrganization: createOrganizationEndpoint(services),
    retrieveOrganization: retrieveOrganizationEndpoint(services),
    updateOrganization: updateOrganizationEndpoint(services),
    listOperatorApiKeys: listOperatorApiKeysEndpoint(services),
    createOperatorApiKey: createOperatorApiKeyEndpoint(services),
    retrieveOperatorApiKey: retrieveOperatorApiKeyEndpoint(services),
    deleteOperatorApiKey: deleteOperatorApiKeyEndpoint(services),
    listInstallationAuditLogs: listInstallationAuditLogsEndpoint(services),
    verifyOrganizationAuditLogs: verifyOrganizationAuditLogsEndpoint(services),
    verifyInstallationAuditLogs: verifyInstallationAuditLogsEndpoint(services),
    retrieveHealth: retrieveHealthEndpoint(services),
  };
}
