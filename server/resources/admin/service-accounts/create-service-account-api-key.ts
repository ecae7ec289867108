import { createProjectServiceAccountApiKey } from "@headrace/contract/admin/service-accounts.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { makeServiceAccountKey } from "./service-account-object.ts";
import { requireServiceAccount } from "./service-account-store.ts";

export const createProjectServiceAccountApiKeyEndpoint = (services: AdminServices) =>
  endpoint(createProjectServiceAccountApiKey, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const key = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const place = { organizationId, projectId: project.id };
      const account = await requireServiceAccount(transaction, place, params.service_account_id);
      const result = await makeServiceAccountKey(services, transaction, account, {
        name: body.name ?? "Secret Key",
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
        expiresInSeconds: body.expires_in_seconds ?? null,
      });
      const payload = { id: result.id, data: body.scopes === undefined ? {} : { scopes: body.scopes } };
      return { result, event: { type: "api_key.created", payload, project: { id: project.id, name: project.name } } };
    });
    return json(key);
  });
