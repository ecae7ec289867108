import { jsonSchemaGrammar } from "../index.ts";
import { Generator } from "./generator.ts";
import { randomOf } from "./random.ts";
import { randomInstance } from "./random-instance.ts";
import type { Schema } from "./random-schema.ts";
import { Recognizer } from "./recognizer.ts";
import { validatorOf } from "./validator.ts";

const source = { param: "response_format", title: "response_format 'answer'", isStrict: true };
/** About how many characters the texts of one grammar have. */
const lengths = [0, 60, 400] as const;
const instancesTried = 5;

export type Trial = {
  /** Texts of the grammar, all of which validate. */
  readonly texts: number;
  /** Instances that validate. */
  readonly instances: number;
  /** Those of them that are no texts: what nests in alternatives that are told apart too late may be left out. */
  readonly missed: number;
  /** Readings that were open at most while one of them was read. */
  readonly readingsMost: number;
};

/**
 * Compiles a strict schema, writes texts of its grammar and has instances of the schema read by it. Throws where the
 * schema is refused and where a text does not validate.
 */
export function tryStrictSchema(schema: Schema, seed: number): Trial {
  const validates = validatorOf(schema);
  const grammar = jsonSchemaGrammar(schema, source);
  const random = randomOf(seed);
  const generator = new Generator(grammar, random);
  const recognizer = new Recognizer(grammar);
  for (const length of lengths) {
    const text = generator.generate(length);
    if (!validates(JSON.parse(text))) throw new Error(`does not validate: ${text}`);
    if (!recognizer.accepts(text)) throw new Error(`is written but not read: ${text}`);
  }
  let [instances, missed] = [0, 0];
  for (let count = 0; count < instancesTried; count++) {
    const value = randomInstance(schema, schema, random);
    if (!validates(value)) continue;
    instances++;
    if (!recognizer.accepts(JSON.stringify(value))) missed++;
  }
  return { texts: lengths.length, instances, missed, readingsMost: recognizer.readingsMost };
}
