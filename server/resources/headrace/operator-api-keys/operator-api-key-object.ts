import type { OperatorApiKey } from "@headrace/contract/headrace/operator-api-keys.ts";
import type { OperatorKeyRow } from "../../../operator/operator-key-store.ts";
import { seconds, secondsOrNull } from "../../admin/index.ts";

export function toOperatorApiKey(row: OperatorKeyRow): OperatorApiKey {
  return {
    id: row.id,
    object: "headrace.operator_api_key",
    name: row.name,
    redacted_value: row.redacted,
    created_at: seconds(row.created_at),
    expires_at: secondsOrNull(row.expires_at),
    last_used_at: secondsOrNull(row.last_used_at),
  };
}
