import type {
  EmbeddingCreateParams,
  CreateEmbeddingResponse as SdkCreateEmbeddingResponse,
  Embedding as SdkEmbedding,
} from "openai/resources/embeddings";
import type { Exceptions } from "./common/parity.ts";
import type { CreateEmbeddingBody, CreateEmbeddingResponse, Embedding } from "./embeddings.ts";

export const createEmbeddingBodyExceptions = {} satisfies Exceptions<CreateEmbeddingBody, EmbeddingCreateParams>;

export const embeddingExceptions = {
  embedding: ["ours_is_wider", "On the wire base64 is a string; the SDK decodes it before its types apply."],
} satisfies Exceptions<Embedding, SdkEmbedding>;

export const createEmbeddingResponseExceptions = {
  data: ["ours_is_wider", "As `embedding` above."],
} satisfies Exceptions<CreateEmbeddingResponse, SdkCreateEmbeddingResponse>;
