import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { retrievalServed } from "@headrace/contract/responses/served.ts";
import { retrieveResponse } from "@headrace/contract/responses/stored-responses.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";

export const retrieveResponseEndpoint = (services: Pick<ResponseServices, "store">) =>
  endpoint(retrieveResponse, async ({ params, query, principal }) => {
    refuseUnserved(retrievalServed, query);
    const response = await services.store.find(principal, params.response_id);
    if (response === undefined) throw responseNotFound(params.response_id);
    return json(response as unknown as ResponseObject);
  });
