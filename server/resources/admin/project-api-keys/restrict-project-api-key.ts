import { restrictProjectApiKey } from "@headrace/contract/headrace/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireKey, updateKey } from "../organization-key-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toHeadraceProjectApiKey } from "./headrace-project-api-key-object.ts";

export const restrictProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(restrictProjectApiKey, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const key = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const owner = { organizationId, projectId: project.id };
      const { id } = await requireKey(transaction, owner, params.api_key_id);
      await updateKey(transaction, owner, id, { models: body.models, addresses: body.ip_addresses });
      const result = toHeadraceProjectApiKey(await requireKey(transaction, owner, id), project.id);
      const payload = { id, changes_requested: body };
      return { result, event: { type: "api_key.updated", payload, project: { id: project.id, name: project.name } } };
    });
    return json(key);
  });
