import { updateProject, updateProjectServed } from "@headrace/contract/admin/projects.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { toProject } from "./project-object.ts";
import { requireActiveProject, updateProjectRow } from "./project-store.ts";

export const updateProjectEndpoint = (services: AdminServices) =>
  endpoint(updateProject, async ({ params, body, principal, context }) => {
    refuseUnserved(updateProjectServed, body);
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const before = await requireActiveProject(transaction, principal.organizationId, params.project_id);
      const name = body.name ?? before.name;
      const result = await updateProjectRow(transaction, before, { name });
      const payload = { id: result.id, changes_requested: { title: name } };
      return { result, event: { type: "project.updated", payload, project: { id: result.id, name } } };
    });
    return json(toProject(row));
  });
