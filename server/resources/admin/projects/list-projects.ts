import { listProjects } from "@headrace/contract/admin/projects.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toPage } from "../page.ts";
import { toProject } from "./project-object.ts";
import { pageOfProjects } from "./project-store.ts";

export const listProjectsEndpoint = (services: AdminServices) =>
  endpoint(listProjects, async ({ query, principal }) => {
    const { include_archived: includeArchived = false, ...page } = query;
    const { rows, bounds } = await readOrganization(services, principal, (transaction) =>
      pageOfProjects(transaction, principal.organizationId, { ...page, includeArchived }),
    );
    return json(toPage(rows, bounds, toProject));
  });
