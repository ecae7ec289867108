import { randomOf } from "@headrace/engine/grammar/testing/random.ts";

/** Numbers by chance that a seed makes again. */
export type Random = {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
};

export function randomFrom(seed: number): Random {
  const below = randomOf(seed);
  return { next: () => below(2 ** 32) / 2 ** 32, below };
}
