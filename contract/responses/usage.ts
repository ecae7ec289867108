import { z } from "zod";
import { count } from "../common/fields.ts";

export const responseUsage = z
  .object({
    input_tokens: count,
    input_tokens_details: z.object({
      cached_tokens: count,
      cache_write_tokens: count,
      cache_write_tokens_details: z.object({ ttl_12h_tokens: count, ttl_30m_tokens: count }).optional(),
    }),
    output_tokens: count,
    output_tokens_details: z.object({ reasoning_tokens: count }),
    total_tokens: count,
  })
  .meta({ id: "ResponseUsage" });

const imageAndTextTokens = z.object({ image_tokens: count, text_tokens: count });

/** What hosted tools used up, beside the model itself. */
export const toolUsage = z.object({
  image_gen: z.object({
    input_tokens: count,
    input_tokens_details: imageAndTextTokens,
    output_tokens: count,
    total_tokens: count,
    cached_tokens: count.optional(),
    cached_tokens_details: z.object({ cached_image_tokens: count, cached_text_tokens: count }).optional(),
    output_tokens_details: imageAndTextTokens.optional(),
  }),
  web_search: z.object({ num_requests: count }),
});

export type ResponseUsage = z.output<typeof responseUsage>;
