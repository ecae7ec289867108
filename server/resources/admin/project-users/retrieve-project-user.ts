import { retrieveProjectUser } from "@headrace/contract/admin/project-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { requireProject } from "../projects/project-store.ts";
import { toProjectUser } from "./project-user-object.ts";
import { requireProjectUser } from "./project-user-store.ts";

export const retrieveProjectUserEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectUser, async ({ params, principal }) => {
    const { organizationId } = principal;
    const row = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return requireProjectUser(transaction, { organizationId, projectId: project.id }, params.user_id);
    });
    return json(toProjectUser(row));
  });
