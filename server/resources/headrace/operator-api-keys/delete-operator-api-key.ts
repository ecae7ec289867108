import { deleteOperatorApiKey } from "@headrace/contract/headrace/operator-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { deleteOperatorKey } from "../../../operator/operator-keys.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { apiKeyActor } from "../../admin/index.ts";

export const deleteOperatorApiKeyEndpoint = (services: OperatorServices) =>
  endpoint(deleteOperatorApiKey, async ({ params, principal, context }) => {
    await deleteOperatorKey(services, apiKeyActor(principal.keyId, context), params.key_id);
    return json({ id: params.key_id, object: "headrace.operator_api_key.deleted", deleted: true });
  });
