import { retrieveOperatorApiKey } from "@headrace/contract/headrace/operator-api-keys.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOperatorKey } from "../../../operator/operator-key-store.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { toOperatorApiKey } from "./operator-api-key-object.ts";

export const retrieveOperatorApiKeyEndpoint = ({ db }: OperatorServices) =>
  endpoint(retrieveOperatorApiKey, async ({ params }) => {
    const row = await inPlatform(db, (transaction) => requireOperatorKey(transaction, params.key_id));
    return json(toOperatorApiKey(row));
  });
