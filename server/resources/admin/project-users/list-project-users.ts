import { listProjectUsers } from "@headrace/contract/admin/project-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toPage } from "../page.ts";
import { requireProject } from "../projects/project-store.ts";
import { toProjectUser } from "./project-user-object.ts";
import { pageOfProjectUsers } from "./project-user-store.ts";

export const listProjectUsersEndpoint = (services: AdminServices) =>
  endpoint(listProjectUsers, async ({ params, query, principal }) => {
    const { organizationId } = principal;
    const { rows, bounds } = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return pageOfProjectUsers(transaction, { organizationId, projectId: project.id }, query);
    });
    return json(toPage(rows, bounds, toProjectUser));
  });
