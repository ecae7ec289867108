import { listModels } from "@headrace/contract/models.ts";
import { decide } from "../../access/decide.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import { toModel } from "./model-object.ts";

export const listModelsEndpoint = (services: { readonly models: ModelDirectory }) =>
  endpoint(listModels, async ({ principal }) => {
    const permitted = services.models.list().filter(({ model }) => !decide(principal, { kind: "model", model }));
    return json({ object: "list", data: permitted.map(toModel) });
  });
