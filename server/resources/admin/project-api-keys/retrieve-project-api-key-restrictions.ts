import { retrieveProjectApiKeyRestrictions } from "@headrace/contract/headrace/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { requireProject } from "../projects/project-store.ts";
import { toHeadraceProjectApiKey } from "./headrace-project-api-key-object.ts";

export const retrieveProjectApiKeyRestrictionsEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectApiKeyRestrictions, async ({ params, principal }) => {
    const { organizationId } = principal;
    const key = await readOrganization(services, principal, async (transaction) => {
      const { id: projectId } = await requireProject(transaction, organizationId, params.project_id);
      const row = await requireKey(transaction, { organizationId, projectId }, params.api_key_id);
      return toHeadraceProjectApiKey(row, projectId);
    });
    return json(key);
  });
