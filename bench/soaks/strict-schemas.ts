import { randomStrictSchemas } from "@headrace/engine/grammar/testing/random-schema.ts";
import { tryStrictSchema } from "@headrace/engine/grammar/testing/strict-schema-trial.ts";
import type { Soak } from "./soak-result.ts";

const schemas = 2_000;
const schemasOfSeed = 100;
/** Readings side by side; llama.cpp's time per token grows with them. */
const readingsMax = 256;

/**
 * Random strict schemas, hard ones among them, and random texts of their grammars: none refused, none invalid, none
 * with many readings. A broken promise names the seed of its hundred schemas, and its place among them.
 */
export async function strictSchemas(first: number): Promise<Soak> {
  const broken: string[] = [];
  let [texts, instances, missed, readings] = [0, 0, 0, 0];
  for (let seed = first; seed < first + schemas / schemasOfSeed; seed++) {
    process.stderr.write(`strict-schemas: seed ${seed}, broken so far: ${broken.length}\n`);
    for (const [index, schema] of randomStrictSchemas(schemasOfSeed, seed).entries())
      try {
        const trial = tryStrictSchema(schema, index);
        texts += trial.texts;
        instances += trial.instances;
        missed += trial.missed;
        readings = Math.max(readings, trial.readingsMost);
        if (trial.readingsMost > readingsMax) throw new Error(`has ${trial.readingsMost} readings`);
      } catch (error) {
        broken.push(`seed ${seed}, schema ${index}: ${String(error).slice(0, 300)}`);
      }
  }
  return {
    title: "Random strict schemas",
    trials: schemas,
    unit: "schemas",
    seed: first,
    figures: [
      ["texts of grammars that validate", texts],
      ["instances that validate", instances],
      ["of those, instances that the grammar leaves out", missed],
      ["readings side by side at most", readings],
    ],
    broken,
  };
}
