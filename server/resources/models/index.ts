export { listModelsEndpoint } from "./list-models.ts";
export { retrieveModelEndpoint } from "./retrieve-model.ts";
