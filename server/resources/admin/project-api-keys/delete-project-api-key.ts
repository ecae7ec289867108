import { deleteProjectApiKey } from "@headrace/contract/admin/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { lockKey, revokeKeys } from "../organization-key-store.ts";
import { requireProject } from "../projects/project-store.ts";

export const deleteProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(deleteProjectApiKey, async ({ params, principal, context }) => {
    const { organizationId } = principal;
    const id = params.api_key_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      const owner = { organizationId, projectId: project.id };
      await lockKey(transaction, owner, id);
      await revokeKeys(transaction, owner, [id]);
      const event = {
        type: "api_key.deleted",
        payload: { id },
        project: { id: project.id, name: project.name },
      } as const;
      return { result: undefined, event };
    });
    return json({ id, object: "organization.project.api_key.deleted", deleted: true });
  });
