import { retrieveModel } from "@headrace/contract/models.ts";
import { authorize, modelNotFound } from "../../access/decide.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import { toModel } from "./model-object.ts";

export const retrieveModelEndpoint = (services: { readonly models: ModelDirectory }) =>
  endpoint(retrieveModel, async ({ params, principal }) => {
    authorize(principal, { kind: "model", model: params.model });
    const deployment = services.models.find(params.model);
    if (deployment === undefined) throw modelNotFound(params.model);
    return json(toModel(deployment));
  });
