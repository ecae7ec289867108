import { z } from "zod";

/** The bounds that stand anywhere in a schema. */
export type Bounds = { readonly numbers: readonly number[]; readonly lengths: readonly number[] };

/** Collects them, so that values just beyond each can be tried. */
export function boundsOf(schema: z.core.$ZodType): Bounds {
  const numbers = new Set<number>();
  const lengths = new Set<number>();
  const seen = new Set<z.core.$ZodType>();
  const walk = (one: z.core.$ZodType): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one instanceof z.ZodNumber) for (const bound of [one.minValue, one.maxValue]) note(numbers, bound);
    if (one instanceof z.ZodString) for (const bound of [one.minLength, one.maxLength]) note(lengths, bound);
    if (one instanceof z.ZodArray) for (const bound of Object.values(elementBounds(one))) note(lengths, bound);
    for (const inner of partsOf(one)) walk(inner);
  };
  walk(schema);
  return { numbers: [...numbers], lengths: [...lengths] };
}

function note(bounds: Set<number>, bound: number | null): void {
  if (bound !== null && Number.isFinite(bound)) bounds.add(bound);
}

function partsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values<z.core.$ZodType>(schema.shape);
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodUnion) return schema.options;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return [schema.unwrap()];
  if (schema instanceof z.ZodRecord) return [schema.keyType, schema.valueType];
  if (schema instanceof z.ZodPipe) return [schema.in, schema.out];
  return [];
}

/** How many elements an array may have. zod tells it in the array's checks only. */
export function elementBounds(schema: z.ZodArray): { readonly min: number; readonly max: number } {
  let [min, max] = [0, Number.POSITIVE_INFINITY];
  for (const check of schema.def.checks ?? []) {
    if (check instanceof z.core.$ZodCheckMinLength) min = check._zod.def.minimum;
    if (check instanceof z.core.$ZodCheckMaxLength) max = check._zod.def.maximum;
  }
  return { min, max };
}
