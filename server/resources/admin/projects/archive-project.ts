import { archiveProject } from "@headrace/contract/admin/projects.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { tellProjectChanged } from "../../../identity/tenant-state-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { toProject } from "./project-object.ts";
import { requireActiveProject, updateProjectRow } from "./project-store.ts";

export const archiveProjectEndpoint = (services: AdminServices) =>
  endpoint(archiveProject, async ({ params, principal, context }) => {
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const before = await requireActiveProject(transaction, principal.organizationId, params.project_id);
      const result = await updateProjectRow(transaction, before, { archivedAt: new Date() });
      await tellProjectChanged(transaction, result.id);
      const { id, name } = result;
      return { result, event: { type: "project.archived", payload: { id }, project: { id, name } } };
    });
    return json(toProject(row));
  });
