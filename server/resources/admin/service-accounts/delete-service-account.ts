import { deleteProjectServiceAccount } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { revokeKeys } from "../organization-key-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { deleteServiceAccountRow, keysOfServiceAccount, requireServiceAccount } from "./service-account-store.ts";

export const deleteProjectServiceAccountEndpoint = (services: AdminServices) =>
  endpoint(deleteProjectServiceAccount, async ({ params, principal, context }) => {
    const { organizationId } = principal;
    const id = params.service_account_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const place = { organizationId, projectId: project.id };
      const account = await requireServiceAccount(transaction, place, id);
      await revokeKeys(transaction, place, await keysOfServiceAccount(transaction, account));
      await deleteServiceAccountRow(transaction, account);
      return {
        result: undefined,
        event: { type: "service_account.deleted", payload: { id }, project: { id: project.id, name: project.name } },
      };
    });
    return json({ id, object: "organization.project.service_account.deleted", deleted: true });
  });
