import { updateProjectServiceAccount } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toServiceAccount } from "./service-account-object.ts";
import { requireServiceAccount, updateServiceAccountRow } from "./service-account-store.ts";

export const updateProjectServiceAccountEndpoint = (services: AdminServices) =>
  endpoint(updateProjectServiceAccount, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const place = { organizationId, projectId: project.id };
      const before = await requireServiceAccount(transaction, place, params.service_account_id);
      const change = { name: body.name ?? before.name, role: body.role ?? before.role };
      const result = await updateServiceAccountRow(transaction, before, change);
      const payload = { id: result.id, changes_requested: { role: result.role } };
      return {
        result,
        event: { type: "service_account.updated", payload, project: { id: project.id, name: project.name } },
      };
    });
    return json(toServiceAccount(row));
  });
