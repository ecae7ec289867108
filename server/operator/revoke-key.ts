import { inPlatform } from "../database/tenant.ts";
import { findKeys } from "../identity/key-store.ts";
import { deleteOperatorKey } from "./operator-keys.ts";
import type { OperatorServices } from "./operator-services.ts";

/**
 * Revokes a key of any kind for the command line, by the rule of its kind.
 * @throws IdentityError or ApiError for an id that no working key has, ApiError where `refuseLastKey` refuses it
 */
export async function revokeAnyKey(services: OperatorServices, id: string): Promise<void> {
  const [key] = await inPlatform(services.db, (transaction) => findKeys(transaction, [id]));
  if (key?.kind === "operator" && key.revoked_at === null) {
    return deleteOperatorKey(services, { type: "system" }, id);
  }
  await services.keys.revoke(id);
  await services.refreshKeys();
}
