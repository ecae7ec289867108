import { listModels } from "@headrace/contract/models.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import { toModel } from "./model-object.ts";

export const listModelsEndpoint = (services: { readonly models: ModelDirectory }) =>
  endpoint(listModels, async () => json({ object: "list", data: services.models.list().map(toModel) }));
