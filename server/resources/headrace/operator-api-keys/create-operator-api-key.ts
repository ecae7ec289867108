import { createOperatorApiKey } from "@headrace/contract/headrace/operator-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { createOperatorKey } from "../../../operator/operator-keys.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { apiKeyActor } from "../../admin/index.ts";
import { toOperatorApiKey } from "./operator-api-key-object.ts";

export const createOperatorApiKeyEndpoint = (services: OperatorServices) =>
  endpoint(createOperatorApiKey, async ({ body, principal, context }) => {
    const { row, value } = await createOperatorKey(services, apiKeyActor(principal.keyId, context), body);
    return json({ ...toOperatorApiKey(row), value });
  });
