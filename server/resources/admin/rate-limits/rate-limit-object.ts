import type { ProjectRateLimit } from "@headrace/contract/admin/rate-limits.ts";
import type { RateLimitRow } from "./rate-limit-store.ts";

/** What a project may ask of a model in a minute where nobody has set a limit. */
const requestsPerMinuteDefault = 10_000;
const tokensPerMinuteDefault = 10_000_000;

/** There is one limit for each model that the installation serves: the model's name is its identity. */
export function rateLimitId(model: string): string {
  return `rl-${model}`;
}

/** The limits of one model; those that only some models have are there where somebody has set them. */
export function toRateLimit(model: string, row: RateLimitRow | undefined): ProjectRateLimit {
  return {
    id: rateLimitId(model),
    object: "project.rate_limit",
    model,
    max_requests_per_1_minute: Number(row?.max_requests_per_1_minute ?? requestsPerMinuteDefault),
    max_tokens_per_1_minute: Number(row?.max_tokens_per_1_minute ?? tokensPerMinuteDefault),
    ...optional("max_images_per_1_minute", row),
    ...optional("max_audio_megabytes_per_1_minute", row),
    ...optional("max_requests_per_1_day", row),
    ...optional("batch_1_day_max_input_tokens", row),
  };
}

type OptionalLimit = Exclude<keyof RateLimitRow, "model" | "max_requests_per_1_minute" | "max_tokens_per_1_minute">;

function optional<Name extends OptionalLimit>(name: Name, row: RateLimitRow | undefined): { [Key in Name]?: number } {
  const value = row?.[name] ?? null;
  return value === null ? {} : ({ [name]: Number(value) } as { [Key in Name]: number });
}
