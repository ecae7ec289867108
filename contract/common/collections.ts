import { z } from "zod";

/** An array in a request: never without a bound, which zod checks before it looks at any element. */
export function list<Element extends z.ZodType>(element: Element, length: { min?: number; max: number }) {
  const bounded = z.array(element).max(length.max);
  return length.min === undefined ? bounded : bounded.min(length.min);
}

/**
 * An object in a request whose keys the caller chose. One with too many is refused before its values are looked at:
 * zod would note an issue for each wrong one.
 */
export function pairs<Key extends z.ZodString, Value extends z.ZodType>(key: Key, value: Value, max: number) {
  return z.preprocess(
    (given: Record<string, z.input<Value>>, context) => {
      if (typeof given === "object" && given !== null && !Array.isArray(given) && Object.keys(given).length > max) {
        const params = { code: "object_above_max_properties", maximum: max };
        context.issues.push({ code: "custom", input: given, params, message: "too many properties" });
      }
      return given;
    },
    z.record(key, value).meta({ maxProperties: max }),
  );
}
