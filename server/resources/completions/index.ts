export { createCompletionEndpoint } from "./create-completion.ts";
