import { z } from "zod";
import { pairs } from "./collections.ts";
import {
  endUserCharactersMax,
  idCharactersMax,
  metadataKeyCharactersMax,
  metadataPairsMax,
  metadataValueCharactersMax,
  nameCharactersMax,
  promptCacheKeyCharactersMax,
  textCharactersMax,
  toolNameCharactersMax,
} from "./limits.ts";

/** Text that a person or a model wrote. */
export const text = z.string().max(textCharactersMax);

/** The name of a model, as callers send it. */
export const modelName = z.string().min(1).max(nameCharactersMax);

/** An id that the platform gave out. */
export const objectId = z.string().min(1).max(idCharactersMax);

/** A label that a caller chose. */
export const label = z.string().min(1).max(nameCharactersMax);

/** An object whose keys the caller chose, for instance a JSON Schema. */
export const jsonObject = z.record(z.string(), z.unknown());

/** A name that a model writes to call a tool. */
export const toolName = z
  .string()
  .min(1)
  .max(toolNameCharactersMax)
  .regex(/^[a-zA-Z0-9_-]+$/);

/** Unix seconds. */
export const timestamp = z.number();

/** The message of integer bounds: zod's own issues don't tell an integer's bound from a decimal's. */
export const integerMark = "integer";

/** An integer within bounds (both may be reached) that complain about an integer, not a decimal. */
export function integer(minimum: number, maximum: number) {
  return z.int().min(minimum, integerMark).max(maximum, integerMark);
}

/** A count or an index. */
export const count = z.int().min(0, integerMark);

/** Up to 16 pairs that a caller attaches to an object. */
export const metadata = pairs(
  z.string().max(metadataKeyCharactersMax),
  z.string().max(metadataValueCharactersMax),
  metadataPairsMax,
).meta({ id: "Metadata" });

export const endUserId = z.string().max(endUserCharactersMax);
export const promptCacheKey = z.string().max(promptCacheKeyCharactersMax);
export const promptCacheRetention = z.enum(["in_memory", "24h"]);
export const promptCacheBreakpoint = z.object({ mode: z.literal("explicit"), ttl: z.enum(["30m", "12h"]).optional() });

export const temperature = z.number().min(0).max(2);
export const topP = z.number().min(0).max(1);

export const reasoningEffort = z
  .enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
  .meta({ id: "ReasoningEffort" });
export const verbosity = z.enum(["low", "medium", "high"]);
export const imageDetail = z.enum(["low", "high", "auto", "original"]);

const moderationStep = z.strictObject({ mode: z.enum(["score", "block"]) });

/** Moderation that the caller asks to be run beside the answer. */
export const moderationRequest = z.strictObject({
  model: modelName,
  policy: z.strictObject({ input: moderationStep.nullish(), output: moderationStep.nullish() }).nullish(),
});

/** What moderation said of one side of an exchange. */
export const moderationResult = z.object({
  categories: z.record(z.string(), z.boolean()),
  category_applied_input_types: z.record(z.string(), z.array(z.enum(["text", "image"]))),
  category_scores: z.record(z.string(), z.number()),
  flagged: z.boolean(),
  model: z.string(),
  type: z.literal("moderation_result"),
});

export const moderationError = z.object({ code: z.string(), message: z.string(), type: z.literal("error") });
