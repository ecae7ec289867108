import { listOperatorApiKeys } from "@headrace/contract/headrace/operator-api-keys.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { pageOfOperatorKeys } from "../../../operator/operator-key-store.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { toPage } from "../../admin/index.ts";
import { toOperatorApiKey } from "./operator-api-key-object.ts";

export const listOperatorApiKeysEndpoint = ({ db }: OperatorServices) =>
  endpoint(listOperatorApiKeys, async ({ query }) => {
    const { rows, bounds } = await inPlatform(db, (transaction) => pageOfOperatorKeys(transaction, query));
    return json(toPage(rows, bounds, toOperatorApiKey));
  });
