import fc from "fast-check";

/** A JSON schema, and whether a value keeps it. */
export type FittedSchema = { readonly schema: object; fits(value: unknown): boolean };

const propertyNames = ["times", "name", "größe", "a b", 'q"q', "水"];
const itemsMax = 3;

const one = (schema: object, fits: FittedSchema["fits"]): FittedSchema => ({ schema, fits });

const leaf: fc.Arbitrary<FittedSchema> = fc.oneof(
  fc.constant(one({ type: "boolean" }, (value) => typeof value === "boolean")),
  fc.constant(one({ type: "null" }, (value) => value === null)),
  fc.tuple(fc.integer({ min: -20, max: 20 }), fc.nat({ max: 30 })).map(([minimum, span]) => {
    const maximum = minimum + span;
    const isWithin = (value: unknown) =>
      Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
    return one({ type: "integer", minimum, maximum }, isWithin);
  }),
  fc
    .uniqueArray(fc.constantFrom("red", "blue", "très vert", "<|im_end|>", "", 1, 2.5, true, null), { minLength: 1 })
    .map((values) => one({ enum: values }, (value) => values.some((known) => known === value))),
  fc
    .nat({ max: 8 })
    .map((max) =>
      one({ type: "string", maxLength: max }, (value) => typeof value === "string" && Array.from(value).length <= max),
    ),
  fc.constantFrom("^[a-z]{1,6}$", "^(ja|nein)$", "^[0-9]{2}:[0-9]{2}$").map((pattern) => {
    const expression = new RegExp(pattern);
    return one({ type: "string", pattern }, (value) => typeof value === "string" && expression.test(value));
  }),
);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function objectOf(members: fc.Arbitrary<FittedSchema>): fc.Arbitrary<FittedSchema> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...propertyNames), members), { maxLength: 3, selector: ([name]) => name })
    .map((chosen) => {
      const names = chosen.map(([name]) => name);
      const properties = Object.fromEntries(chosen.map(([name, { schema }]) => [name, schema]));
      return one(
        { type: "object", properties, required: names, additionalProperties: false },
        (value) =>
          isObject(value) &&
          Object.keys(value).length === names.length &&
          chosen.every(([name, { fits }]) => Object.hasOwn(value, name) && fits(value[name])),
      );
    });
}

const listOf = (items: fc.Arbitrary<FittedSchema>): fc.Arbitrary<FittedSchema> =>
  items.map(({ schema, fits }) =>
    one(
      { type: "array", items: schema, maxItems: itemsMax },
      (value) => Array.isArray(value) && value.length <= itemsMax && value.every(fits),
    ),
  );

const either = (options: fc.Arbitrary<FittedSchema>): fc.Arbitrary<FittedSchema> =>
  fc
    .tuple(options, options)
    .map(([left, right]) =>
      one({ anyOf: [left.schema, right.schema] }, (value) => left.fits(value) || right.fits(value)),
    );

/** Schemas that `strict` takes, small enough that some answers end before their last allowed token. */
export const strictSchema: fc.Arbitrary<FittedSchema> = objectOf(
  fc.oneof(
    { arbitrary: leaf, weight: 4 },
    { arbitrary: listOf(leaf), weight: 1 },
    { arbitrary: either(leaf), weight: 1 },
    { arbitrary: objectOf(leaf), weight: 1 },
  ),
);
