import type { EngineUsage } from "../protocol.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import type { EmbeddingRequest } from "./embedding-request.ts";
import { unitVector } from "./unit-vector.ts";

/** Answers POST /v1/embeddings; base64 is of the vector's little-endian 32-bit floats. */
export async function createEmbeddings(
  model: EmbeddingModel,
  request: EmbeddingRequest,
  signal: AbortSignal,
  done: (usage: EngineUsage) => void,
): Promise<Response> {
  const { vectors, tokens } = await model.embed(request.inputs, signal, done);
  const encode =
    request.encoding === "float"
      ? (vector: Float32Array) => Array.from(vector)
      : (vector: Float32Array) => Buffer.from(vector.buffer).toString("base64");
  return Response.json({
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: encode(request.dimensions === undefined ? vector : unitVector(vector, request.dimensions)),
    })),
    model: request.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}
