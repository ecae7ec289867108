import { z } from "zod";
import { list } from "./common/collections.ts";
import { count, endUserId, integer, modelName, text } from "./common/fields.ts";
import { embeddingDimensionsMax, embeddingInputsMax, embeddingTokensMax } from "./common/limits.ts";
import { operation, type TokenUsage } from "./common/operation.ts";
import type { ServedRules } from "./common/served.ts";

export const createEmbeddingBody = z
  .strictObject({
    input: z.union([
      text.min(1),
      list(text.min(1), { min: 1, max: embeddingInputsMax }),
      list(count, { min: 1, max: embeddingTokensMax }),
      list(list(count, { min: 1, max: embeddingTokensMax }), { min: 1, max: embeddingInputsMax }),
    ]),
    model: modelName,
    dimensions: integer(1, embeddingDimensionsMax).optional(),
    encoding_format: z.enum(["float", "base64"]).optional(),
    user: endUserId.optional(),
  })
  .meta({ id: "CreateEmbeddingRequest" });

export const embedding = z
  .object({
    object: z.literal("embedding"),
    index: count,
    /** Floats, or with `encoding_format: base64` the little-endian 32-bit floats in base64. */
    embedding: z.union([z.array(z.number()), z.string()]),
  })
  .meta({ id: "Embedding" });

export const createEmbeddingResponse = z
  .object({
    object: z.literal("list"),
    data: z.array(embedding),
    model: z.string(),
    usage: z.object({ prompt_tokens: count, total_tokens: count }),
  })
  .meta({ id: "CreateEmbeddingResponse" });

export type CreateEmbeddingBody = z.output<typeof createEmbeddingBody>;
export type Embedding = z.output<typeof embedding>;
export type CreateEmbeddingResponse = z.output<typeof createEmbeddingResponse>;

const answerWithUsage = z.object({ usage: z.object({ prompt_tokens: count }) });

/** Tokens that an embeddings answer says it read. */
export function embeddingUsageOf(answer: unknown): TokenUsage | undefined {
  const parsed = answerWithUsage.safeParse(answer);
  if (!parsed.success) return undefined;
  return { inputTokens: parsed.data.usage.prompt_tokens, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
}

export const createEmbedding = operation({
  id: "createEmbedding",
  method: "POST",
  path: "/v1/embeddings",
  tag: "Embeddings",
  summary: "Turns texts into vectors.",
  scope: "api.model.request",
  body: createEmbeddingBody,
  response: createEmbeddingResponse,
  errors: [
    "model_not_found",
    "model_not_ready",
    "context_length_exceeded",
    "engine_failed",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
  usageOf: embeddingUsageOf,
  limitsOf: () => ({ outputTokensMax: 0 }),
});

/** What the local engine does. Token numbers belong to OpenAI's vocabularies, which local models don't share. */
export const embeddingsServedLocally: ServedRules<CreateEmbeddingBody> = {
  where: " for local models",
  parameters: {
    input: { every: { matches: /^/, advice: "send texts instead of tokens" } },
    model: "served",
    // The engine knows how many a model's vectors have.
    dimensions: "served",
    encoding_format: "served",
    user: "served",
  },
};
