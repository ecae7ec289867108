import { createProjectApiKey } from "@headrace/contract/headrace/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { generateApiKey } from "../../../identity/api-key.ts";
import { expiryAfter } from "../../../identity/expiry.ts";
import { readKeyScopes } from "../../../identity/key-scopes.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toHeadraceProjectApiKey } from "./headrace-project-api-key-object.ts";

export const createProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(createProjectApiKey, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const scopes = readKeyScopes(body.scopes);
    const expiresAt = expiryAfter(body.expires_in_seconds);
    const value = generateApiKey("project");
    const key = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const owner = { organizationId, projectId: project.id };
      const id = await services.keys.add(transaction, {
        kind: "project",
        key: value,
        name: body.name,
        project: owner,
        ...(scopes === undefined ? {} : { scopes }),
        restrictions: { models: body.models ?? null, addresses: body.ip_addresses ?? null },
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      const result = toHeadraceProjectApiKey(await requireKey(transaction, owner, id), project.id);
      const payload = { id, data: body.scopes === undefined ? {} : { scopes: body.scopes } };
      return { result, event: { type: "api_key.created", payload, project: { id: project.id, name: project.name } } };
    });
    return json({ ...key, value });
  });
