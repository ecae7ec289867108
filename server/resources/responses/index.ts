export { countInputTokensEndpoint } from "./count-input-tokens.ts";
export { createResponseEndpoint } from "./create-response.ts";
export { deleteResponseEndpoint } from "./delete-response.ts";
export { listInputItemsEndpoint } from "./list-input-items.ts";
export { ResponseItemStore } from "./response-item-store.ts";
export type { ResponseServices } from "./response-services.ts";
export { ResponseStore } from "./response-store.ts";
export { retrieveResponseEndpoint } from "./retrieve-response.ts";
export { responsesSocket } from "./websocket/index.ts";
