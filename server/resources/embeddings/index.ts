export { createEmbeddingEndpoint } from "./create-embedding.ts";
