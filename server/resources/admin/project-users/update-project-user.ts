import { updateProjectUser } from "@headrace/contract/admin/project-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toProjectUser } from "./project-user-object.ts";
import { requireProjectUser, updateProjectUserRow } from "./project-user-store.ts";

export const updateProjectUserEndpoint = (services: AdminServices) =>
  endpoint(updateProjectUser, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const before = await requireProjectUser(transaction, { organizationId, projectId: project.id }, params.user_id);
      const role = body.role ?? before.role;
      await updateProjectUserRow(transaction, before, role);
      const payload = { id: before.user_id, changes_requested: { role } };
      return {
        result: { ...before, role },
        event: { type: "user.updated", payload, project: { id: project.id, name: project.name } },
      };
    });
    return json(toProjectUser(row));
  });
