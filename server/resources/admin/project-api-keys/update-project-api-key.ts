import { updateProjectApiKey } from "@headrace/contract/admin/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { expiryAfter } from "../../../identity/expiry.ts";
import { readKeyScopes } from "../../../identity/key-scopes.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireKey, updateKey } from "../organization-key-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toProjectApiKey } from "./project-api-key-object.ts";

export const updateProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(updateProjectApiKey, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const owner = { organizationId, projectId: project.id };
      const { id } = await requireKey(transaction, owner, params.api_key_id);
      await updateKey(transaction, owner, id, {
        scopes: body.scopes === undefined ? undefined : (readKeyScopes(body.scopes) ?? null),
        expiresAt: expiryAfter(body.expires_in_seconds),
      });
      const changes = {
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
        ...(body.expires_in_seconds === undefined ? {} : { expires_in_seconds: body.expires_in_seconds }),
      };
      const result = await requireKey(transaction, owner, id);
      const payload = { id, changes_requested: changes };
      return { result, event: { type: "api_key.updated", payload, project: { id: project.id, name: project.name } } };
    });
    return json(toProjectApiKey(row));
  });
