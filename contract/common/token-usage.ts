import type { TokenUsage } from "./operation.ts";

/** What one wire calls the parts of a usage. */
export type UsageNames = {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
  readonly outputDetails: string;
};

/**
 * As much of a usage as metering needs, read leniently: upstreams leave details out, or send null for them. Read by hand,
 * since it is read of every answer and tells nobody what is wrong with it.
 * @returns undefined where it is no usage, or one of its counts is none.
 */
export function readTokenUsage(usage: unknown, names: UsageNames): TokenUsage | undefined {
  const inputTokens = countOf(usage, names.input);
  const outputTokens = countOf(usage, names.output);
  const cachedInputTokens = detailOf(usage, names.inputDetails, "cached_tokens");
  const reasoningTokens = detailOf(usage, names.outputDetails, "reasoning_tokens");
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  if (cachedInputTokens === undefined || reasoningTokens === undefined) return undefined;
  return { inputTokens, cachedInputTokens, outputTokens, reasoningTokens };
}

/** A member of what may be an object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function countOf(value: unknown, name: string): number | undefined {
  const count = memberOf(value, name);
  return Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : undefined;
}

/** 0 where it was left out; undefined where it is no count. */
function detailOf(usage: unknown, details: string, name: string): number | undefined {
  const given = memberOf(usage, details);
  if (given === undefined || given === null) return 0;
  const detail = memberOf(given, name);
  if (detail === undefined || detail === null) return typeof given === "object" ? 0 : undefined;
  return countOf(given, name);
}
