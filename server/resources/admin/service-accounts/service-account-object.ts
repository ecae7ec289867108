import type { CreatedServiceAccountApiKey, ServiceAccount } from "@headrace/contract/admin/service-accounts.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../../../database/tables.ts";
import { generateApiKey } from "../../../identity/api-key.ts";
import { expiryAfter } from "../../../identity/expiry.ts";
import { readKeyScopes } from "../../../identity/key-scopes.ts";
import type { AdminServices } from "../organization-change.ts";
import { requireKey } from "../organization-key-store.ts";
import { seconds, secondsOrNull } from "../page.ts";
import type { ServiceAccountRow } from "./service-account-store.ts";

export function toServiceAccount(row: ServiceAccountRow): ServiceAccount {
  return {
    id: row.id,
    object: "organization.project.service_account",
    name: row.name,
    role: row.role,
    created_at: seconds(row.created_at),
  };
}

/** Makes a key of a service account; the answer is the only place that shows it. */
export async function makeServiceAccountKey(
  { keys }: AdminServices,
  transaction: Transaction<Tables>,
  account: ServiceAccountRow,
  wish: { readonly name: string; readonly scopes?: readonly string[]; readonly expiresInSeconds?: number | null },
): Promise<CreatedServiceAccountApiKey> {
  const value = generateApiKey("service_account");
  const scopes = readKeyScopes(wish.scopes);
  const expiresAt = expiryAfter(wish.expiresInSeconds);
  const place = { organizationId: account.organization_id, projectId: account.project_id };
  const id = await keys.add(transaction, {
    kind: "service_account",
    key: value,
    name: wish.name,
    project: place,
    serviceAccountId: account.id,
    ...(scopes === undefined ? {} : { scopes }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const row = await requireKey(transaction, place, id);
  return {
    id,
    object: "organization.project.service_account.api_key",
    name: row.name,
    value,
    created_at: seconds(row.created_at),
    expires_at: secondsOrNull(row.expires_at),
  };
}
