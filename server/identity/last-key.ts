import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { lockWorkingKeys, type ManagementKeys } from "./key-store.ts";

/**
 * Refuses to end the last key that works of those that manage an organization, or the installation: nobody could, nor
 * make another one. Asked over HTTP and on the command line alike, before the key is revoked in the same transaction.
 * @throws ApiError `invalid_value`
 */
export async function refuseLastKey(transaction: Transaction<Tables>, keys: ManagementKeys, id: string): Promise<void> {
  const working = await lockWorkingKeys(transaction, keys);
  if (working.length !== 1 || working[0] !== id) return;
  const lost =
    keys.kind === "admin"
      ? "the organization's last admin key that works: nobody could administer it any more"
      : "the last operator key that works: nobody could run the installation any more";
  throw new ApiError("invalid_value", `This is ${lost}. Create another one first.`, { param: "key_id" });
}
