import { retrieveProject } from "@headrace/contract/admin/projects.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toProject } from "./project-object.ts";
import { requireProject } from "./project-store.ts";

export const retrieveProjectEndpoint = (services: AdminServices) =>
  endpoint(retrieveProject, async ({ params, principal }) => {
    const row = await readOrganization(services, principal, (transaction) =>
      requireProject(transaction, principal.organizationId, params.project_id),
    );
    return json(toProject(row));
  });
