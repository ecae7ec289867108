import { retrieveProjectServiceAccount } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { requireProject } from "../projects/project-store.ts";
import { toServiceAccount } from "./service-account-object.ts";
import { requireServiceAccount } from "./service-account-store.ts";

export const retrieveProjectServiceAccountEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectServiceAccount, async ({ params, principal }) => {
    const { organizationId } = principal;
    const row = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return requireServiceAccount(transaction, { organizationId, projectId: project.id }, params.service_account_id);
    });
    return json(toServiceAccount(row));
  });
