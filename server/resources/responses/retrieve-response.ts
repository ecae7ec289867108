import { ApiError } from "@headrace/contract/common/errors.ts";
import { retrieveResponse } from "@headrace/contract/responses/stored-responses.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";
import { streamResponse } from "./stream-response.ts";

/** The response as of now, or its stream from behind a cursor. */
export const retrieveResponseEndpoint = (services: Pick<ResponseServices, "store" | "streams" | "heartbeats">) =>
  endpoint(retrieveResponse, async ({ params, query, principal, context }) => {
    const responseId = params.response_id;
    if (query.stream === true) return streamResponse(services, { principal, responseId, query, context });
    if (query.starting_after !== undefined) {
      throw new ApiError("invalid_value", "'starting_after' is a place in a stream. Send it with stream=true.", {
        param: "starting_after",
      });
    }
    const response = await services.store.find(principal, responseId);
    if (response === undefined) throw responseNotFound(responseId);
    return json(response as unknown as ResponseObject);
  });
