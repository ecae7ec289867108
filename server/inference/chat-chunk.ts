import { z } from "zod";

const chance = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.number()).nullish() });

const logprob = chance.extend({ top_logprobs: z.array(chance).nullish() });

const named = z.object({ name: z.string().nullish() });

const callDelta = z.object({
  /** Some upstreams leave it out where they send whole calls. */
  index: z.int().min(0).nullish(),
  id: z.string().nullish(),
  type: z.string().nullish(),
  function: named.extend({ arguments: z.string().nullish() }).nullish(),
  custom: named.extend({ input: z.string().nullish() }).nullish(),
});

const delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  /** DeepSeek's, SGLang's and llama.cpp's name for a model's own thinking. */
  reasoning_content: z.string().nullish(),
  /** vLLM's, OpenRouter's and Ollama's name for the same. */
  reasoning: z.string().nullish(),
  tool_calls: z.array(callDelta).nullish(),
});

/** As much of a chunk as is read, leniently: upstreams leave fields out, send null for them, and add their own. */
export const chatChunk = z.looseObject({
  choices: z.array(
    z.object({
      delta: delta.nullish(),
      finish_reason: z.enum(["stop", "length", "tool_calls", "content_filter", "function_call"]).nullish(),
      logprobs: z.object({ content: z.array(logprob).nullish() }).nullish(),
    }),
  ),
  service_tier: z.string().nullish(),
});

export type ChatChunk = z.output<typeof chatChunk>;
export type ChatCallDelta = z.output<typeof callDelta>;
export type ChatLogprob = z.output<typeof logprob>;
