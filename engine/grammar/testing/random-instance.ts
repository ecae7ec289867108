import { formatTexts, patterns, type Schema } from "./random-schema.ts";

type Random = (below: number) => number;

const pick = <Value>(values: readonly Value[], random: Random): Value => {
  const value = values[random(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
};

/** A value that is likely to validate, with members in the order of the schema; whether it does is for others to say. */
export function randomInstance(schema: Schema, root: Schema, random: Random, level = 0): unknown {
  const part = (value: unknown): unknown => randomInstance(value as Schema, root, random, level + 1);
  if (typeof schema.$ref === "string") return part(resolve(root, schema.$ref));
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return random(schema.enum.length) === 0 ? schema.enum[0] : schema.enum.at(-1);
  if (Array.isArray(schema.anyOf)) return part(level > 6 ? schema.anyOf.at(-1) : pick(schema.anyOf, random));
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  switch (level > 6 ? types.at(-1) : pick(types, random)) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, value]) => [key, part(value)]));
    case "array": {
      const least = Number(schema.minItems ?? 0);
      const most = Math.min(Number(schema.maxItems ?? 4), least + (level > 4 ? 0 : 4));
      return Array.from({ length: least + random(most - least + 1) }, () => part(schema.items));
    }
    case "string":
      return randomText(schema, random);
    case "integer":
      return randomNumber(schema, random, true);
    case "number":
      return randomNumber(schema, random, false);
    case "boolean":
      return random(2) === 0;
    default:
      return null;
  }
}

function randomText(schema: Schema, random: Random): string {
  if (typeof schema.format === "string") return pick(formatTexts[schema.format] ?? [""], random);
  if (typeof schema.pattern === "string")
    return pick(patterns.find(([source]) => source === schema.pattern)?.[1] ?? [""], random);
  const [min, max] = [Number(schema.minLength ?? 0), Number(schema.maxLength ?? 30)];
  const length = random(4) === 0 ? max : min + random(Math.min(max - min, 30) + 1);
  return Array.from({ length }, () => pick(["a", '"', "\\", "\n", "\u0001", "é", "👩", " ", "\u2028"], random)).join(
    "",
  );
}

function randomNumber(schema: Schema, random: Random, isInteger: boolean): number {
  const low = Number(schema.minimum ?? schema.exclusiveMinimum ?? -1e6);
  const high = Number(schema.maximum ?? schema.exclusiveMaximum ?? Math.max(low, 0) + 1e6);
  if (random(4) === 0) return random(2) === 0 ? low : high;
  if (schema.multipleOf !== undefined) {
    const divisor = Number(schema.multipleOf);
    return Number((Math.round(low / divisor + random(100)) * divisor).toFixed(2));
  }
  const value = low + (random(1_000_001) / 1_000_000) * (high - low);
  return isInteger ? Math.round(value) : random(2) === 0 && Math.abs(value) >= 1e-6 ? value : Number(value.toFixed(2));
}

function resolve(root: Schema, reference: string): unknown {
  return reference
    .split("/")
    .slice(1)
    .reduce<unknown>((value, key) => (value as Schema)[key], root);
}
