import { createProjectServiceAccount } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { newId } from "../../../identity/ids.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { makeServiceAccountKey, toServiceAccount } from "./service-account-object.ts";
import { insertServiceAccount } from "./service-account-store.ts";

export const createProjectServiceAccountEndpoint = (services: AdminServices) =>
  endpoint(createProjectServiceAccount, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const withKey = body.create_service_account_only !== true;
    const role = withKey ? "member" : "none";
    const made = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const place = { organizationId, projectId: project.id };
      const account = await insertServiceAccount(transaction, place, { id: newId("svc_acct"), name: body.name, role });
      const wish = { name: "Secret Key", expiresInSeconds: body.expires_in_seconds ?? null };
      const apiKey = withKey ? await makeServiceAccountKey(services, transaction, account, wish) : null;
      const payload = { id: account.id, data: { role } };
      return {
        result: { account, apiKey },
        event: { type: "service_account.created", payload, project: { id: project.id, name: project.name } },
      };
    });
    return json({ ...toServiceAccount(made.account), role, api_key: made.apiKey });
  });
