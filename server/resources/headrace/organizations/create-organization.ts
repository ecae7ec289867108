import { createOrganization } from "@headrace/contract/headrace/organizations.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { generateApiKey } from "../../../identity/api-key.ts";
import { insertOrganization } from "../../../identity/identity-store.ts";
import { newId } from "../../../identity/ids.ts";
import type { AdminServices } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const createOrganizationEndpoint = ({ db, keys, refreshKeys }: AdminServices) =>
  endpoint(createOrganization, async ({ body }) => {
    const value = generateApiKey("admin");
    const made = await inPlatform(db, async (transaction) => {
      const row = await insertOrganization(transaction, newId("org"), body.name);
      const project = { organizationId: row.id };
      const keyId = await keys.add(transaction, { kind: "admin", key: value, name: "First admin key", project });
      return { row, keyId };
    });
    await refreshKeys();
    return json({ ...toOrganization(made.row), admin_api_key: { id: made.keyId, value } });
  });
