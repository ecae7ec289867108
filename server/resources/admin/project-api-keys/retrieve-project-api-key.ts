import { retrieveProjectApiKey } from "@headrace/contract/admin/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { requireProject } from "../projects/project-store.ts";
import { toProjectApiKey } from "./project-api-key-object.ts";

export const retrieveProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectApiKey, async ({ params, principal }) => {
    const { organizationId } = principal;
    const row = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return requireKey(transaction, { organizationId, projectId: project.id }, params.api_key_id);
    });
    return json(toProjectApiKey(row));
  });
