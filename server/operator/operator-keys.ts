import type { CreateOperatorApiKeyBody } from "@headrace/contract/headrace/operator-api-keys.ts";
import type { AuditActor } from "../audit/audit-events.ts";
import { appendInstallationEvent } from "../audit/installation-log.ts";
import { appendChange } from "../database/change-log-store.ts";
import { inPlatform } from "../database/tenant.ts";
import { generateApiKey } from "../identity/api-key.ts";
import { expiryAfter } from "../identity/expiry.ts";
import { keysTopic, revokeKey } from "../identity/key-store.ts";
import { refuseLastKey } from "../identity/last-key.ts";
import { type OperatorKeyRow, requireOperatorKey } from "./operator-key-store.ts";
import type { OperatorServices } from "./operator-services.ts";

/** A new operator key; its text is given once, here, and works at once. */
export async function createOperatorKey(
  { db, keys, refreshKeys }: OperatorServices,
  actor: AuditActor,
  { name, expires_in_seconds: expiresInSeconds }: CreateOperatorApiKeyBody,
): Promise<{ readonly row: OperatorKeyRow; readonly value: string }> {
  const value = generateApiKey("operator");
  const expiresAt = expiryAfter(expiresInSeconds);
  const row = await inPlatform(db, async (transaction) => {
    const id = await keys.add(transaction, {
      kind: "operator",
      key: value,
      name,
      project: {},
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    await appendInstallationEvent(transaction, {
      type: "operator_api_key.created",
      actor,
      payload: { id, name, expires_at: expiresAt === undefined ? null : Math.floor(expiresAt.getTime() / 1000) },
    });
    return requireOperatorKey(transaction, id);
  });
  await refreshKeys();
  return { row, value };
}

/**
 * Revokes an operator key, be it the one that asks: who replaces a key makes the new one first.
 * @throws ApiError `not_found`, and `invalid_value` for the last one
 */
export async function deleteOperatorKey(
  { db, refreshKeys }: OperatorServices,
  actor: AuditActor,
  id: string,
): Promise<void> {
  await inPlatform(db, async (transaction) => {
    await refuseLastKey(transaction, { kind: "operator" }, id);
    await requireOperatorKey(transaction, id);
    await revokeKey(transaction, id);
    await appendChange(transaction, keysTopic, id);
    await appendInstallationEvent(transaction, { type: "operator_api_key.deleted", actor, payload: { id } });
  });
  await refreshKeys();
}
