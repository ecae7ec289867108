import { z } from "zod";

/** A caller could send its keys in any combination; those that most requests have come early. */
const narrowSchemasMax = 64;

/** Sums of so many different powers of two are exact. */
const keysMax = 53;

/** The narrow schemas of one schema, by the sum of their keys' bits. */
type Narrowing = { readonly bitOf: ReadonlyMap<string, number>; readonly schemas: Map<number, z.ZodObject> };

const narrowings = new WeakMap<z.ZodType, Narrowing | "none">();

/**
 * A schema that takes, of values with the keys of this one, what `schema` takes, and gives out the same. It costs less:
 * zod visits every key of a schema, and a request has a few of several dozen. Why a value is refused only `schema` tells.
 * @returns undefined where there is none.
 */
export function narrowSchemaFor<Schema extends z.ZodType>(schema: Schema, value: unknown): Schema | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  let narrowing = narrowings.get(schema);
  if (narrowing === undefined) {
    narrowing = narrowingOf(schema);
    narrowings.set(schema, narrowing);
  }
  if (narrowing === "none") return undefined;
  const { bitOf, schemas } = narrowing;
  let bits = 0;
  for (const key of Object.keys(value)) {
    const bit = bitOf.get(key);
    if (bit === undefined) return undefined;
    bits += bit;
  }
  let narrow = schemas.get(bits);
  if (narrow === undefined) {
    if (schemas.size >= narrowSchemasMax || !(schema instanceof z.ZodObject)) return undefined;
    narrow = schema.pick(keptKeys(schema, value));
    schemas.set(bits, narrow);
  }
  // `pick` says what type it gives only where the keys are known when this is compiled.
  return narrow as unknown as Schema;
}

/** Checks of a whole object look at keys that a narrow one does not have. */
function narrowingOf(schema: z.ZodType): Narrowing | "none" {
  if (!(schema instanceof z.ZodObject) || (schema.def.checks?.length ?? 0) > 0) return "none";
  const keys = Object.keys(schema.shape);
  if (keys.length > keysMax) return "none";
  return { bitOf: new Map(keys.map((key, index) => [key, 2 ** index])), schemas: new Map() };
}

/** The keys that the value has, and those of which zod makes something where they are not there: an issue or a default. */
function keptKeys(schema: z.ZodObject, value: object): Record<string, true> {
  const shape: z.core.$ZodShape = schema.shape;
  const kept = Object.keys(shape).filter((key) => {
    const field = shape[key]?._zod;
    return Object.hasOwn(value, key) || field?.optin !== "optional" || field.optout !== "optional";
  });
  return Object.fromEntries(kept.map((key) => [key, true]));
}
