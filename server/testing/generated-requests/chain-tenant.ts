import { z } from "zod";
import type { TestServer } from "../test-server.ts";
import { KnownIds } from "./places.ts";

/** An organization, its keys, and what it has made. */
export type Tenant = { readonly adminKey: string; readonly projectKey: string; readonly ids: KnownIds };

const made = z.object({ id: z.string() });
const madeOrganization = made.extend({ admin_api_key: z.object({ value: z.string() }) });
const madeAccount = made.extend({ api_key: made.extend({ value: z.string() }) });

/** Makes one of its own for a chain of requests: whatever they end, they end nobody else's. */
export async function makeTenant(server: TestServer): Promise<Tenant> {
  const make = async (path: string, key: string): Promise<unknown> => {
    const response = await server.post(path, { name: "chain" }, { authorization: `Bearer ${key}` });
    if (!response.ok) throw new Error(`a chain has no ${path}: ${await response.text()}`);
    return response.json();
  };
  const organization = madeOrganization.parse(await make("/headrace/v1/organizations", server.keys.operator));
  const adminKey = organization.admin_api_key.value;
  const project = made.parse(await make("/v1/organization/projects", adminKey));
  const accounts = `/v1/organization/projects/${project.id}/service_accounts`;
  const account = madeAccount.parse(await make(accounts, adminKey));
  const ids = new KnownIds();
  ids.learn("organization_id", organization.id);
  ids.learn("project_id", project.id);
  ids.learn("service_account_id", account.id);
  ids.learn("api_key_id", account.api_key.id);
  return { adminKey, projectKey: account.api_key.value, ids };
}
