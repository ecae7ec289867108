import { listProjectServiceAccounts } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toPage } from "../page.ts";
import { requireProject } from "../projects/project-store.ts";
import { toServiceAccount } from "./service-account-object.ts";
import { pageOfServiceAccounts } from "./service-account-store.ts";

export const listProjectServiceAccountsEndpoint = (services: AdminServices) =>
  endpoint(listProjectServiceAccounts, async ({ params, query, principal }) => {
    const { organizationId } = principal;
    const { rows, bounds } = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return pageOfServiceAccounts(transaction, { organizationId, projectId: project.id }, query);
    });
    return json(toPage(rows, bounds, toServiceAccount));
  });
