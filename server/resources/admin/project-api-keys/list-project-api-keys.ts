import { listProjectApiKeys } from "@headrace/contract/admin/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { pageOfKeys } from "../organization-key-store.ts";
import { toPage } from "../page.ts";
import { requireProject } from "../projects/project-store.ts";
import { toProjectApiKey } from "./project-api-key-object.ts";

export const listProjectApiKeysEndpoint = (services: AdminServices) =>
  endpoint(listProjectApiKeys, async ({ params, query, principal }) => {
    const { organizationId } = principal;
    const { owner_project_access: access, ...page } = query;
    const { rows, bounds } = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return pageOfKeys(transaction, { organizationId, projectId: project.id }, { ...page, access });
    });
    return json(toPage(rows, bounds, toProjectApiKey));
  });
