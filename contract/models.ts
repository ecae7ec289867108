import { z } from "zod";
import { modelName, timestamp } from "./common/fields.ts";
import { operation } from "./common/operation.ts";

export const model = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: timestamp,
    owned_by: z.string(),
    shutdown_date: z.string().nullish(),
  })
  .meta({ id: "Model" });

export const modelList = z.object({ object: z.literal("list"), data: z.array(model) }).meta({ id: "ModelList" });

export type Model = z.output<typeof model>;
export type ModelList = z.output<typeof modelList>;

export const listModels = operation({
  id: "listModels",
  method: "GET",
  path: "/v1/models",
  tag: "Models",
  summary: "Lists the models that can be asked for now.",
  scope: "api.model.read",
  response: modelList,
  errors: [],
});

export const retrieveModel = operation({
  id: "retrieveModel",
  method: "GET",
  path: "/v1/models/{model}",
  tag: "Models",
  summary: "Returns one model.",
  scope: "api.model.read",
  params: z.strictObject({ model: modelName }),
  response: model,
  errors: ["model_not_found"],
});
