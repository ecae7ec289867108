import { deleteResponse } from "@headrace/contract/responses/stored-responses.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";

export const deleteResponseEndpoint = (services: Pick<ResponseServices, "store">) =>
  endpoint(deleteResponse, async ({ params, principal }) => {
    const deleted = await services.store.delete(principal, params.response_id);
    if (!deleted) throw responseNotFound(params.response_id);
    return json({ id: params.response_id, object: "response", deleted: true });
  });
