import { bannedWordsCheck } from "./banned-words.ts";
import { biome } from "./biome.ts";
import type { Check } from "./check.ts";
import { commentedOutCode } from "./commented-out-code.ts";
import { confinedNames } from "./confined-names.ts";
import { generatedFilesFresh } from "./generated-fresh.ts";
import { importDirection } from "./import-direction.ts";
import { machineTraces } from "./machine-traces.ts";
import { types } from "./types.ts";
import { unused } from "./unused.ts";

/** What `npm run check` runs, the quick ones first. */
export const checks: readonly Check[] = [
  importDirection,
  confinedNames,
  bannedWordsCheck,
  commentedOutCode,
  machineTraces,
  generatedFilesFresh,
  biome,
  types,
  unused,
];
