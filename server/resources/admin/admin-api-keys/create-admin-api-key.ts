import { createAdminApiKey } from "@headrace/contract/admin/admin-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { generateApiKey } from "../../../identity/api-key.ts";
import { expiryAfter } from "../../../identity/expiry.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { toAdminApiKey } from "./admin-api-key-object.ts";

export const createAdminApiKeyEndpoint = (services: AdminServices) =>
  endpoint(createAdminApiKey, async ({ body, principal, context }) => {
    const { organizationId } = principal;
    const key = generateApiKey("admin");
    const expiresAt = expiryAfter(body.expires_in_seconds);
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const id = await services.keys.add(transaction, {
        kind: "admin",
        key,
        name: body.name,
        project: { organizationId },
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      const result = await requireKey(transaction, { organizationId, projectId: null }, id);
      return { result, event: { type: "api_key.created", payload: { id, data: {} } } };
    });
    return json({ ...toAdminApiKey(row), value: key });
  });
