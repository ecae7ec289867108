import fc from "fast-check";

export type Schema = { readonly [keyword: string]: unknown };

/** Patterns with texts in which they are found, and texts in which they may not be. */
export const patterns: readonly (readonly [pattern: string, texts: readonly string[]])[] = [
  ["^[a-z]+$", ["a", "abc", "Z", ""]],
  ["[0-9]{2}", ["12", "a99b\n", "x1"]],
  ["^(foo|ba[rz]?)", ["foo", "bar!", 'ba"q', "qux"]],
  ["\\.json$", [".json", "a\\b.json", "json"]],
  ["^\\p{L}[\\w-]*\\s?$", ["é-1 ", "a", "1"]],
  ["^.{0,8}$", ["", "👩‍👩", "12345678", "123456789"]],
  ['^[^"\\\\\\n]*$', ["plain", "é", '"']],
  ["a.*?b|c", ["xx a\u0007b", "c", "ab", "ba"]],
  ["", ["", "anything"]],
];

export const formatTexts: Readonly<Record<string, readonly string[]>> = {
  date: ["2024-02-29", "1999-12-31", "2000-02-29", "1900-02-28", "2023-02-29"],
  time: ["00:00:00Z", "23:59:59.123+05:30", "24:00:00Z"],
  "date-time": ["2024-02-29T12:34:56Z", "1970-01-01T00:00:00.5-08:00", "2024-02-30T00:00:00Z"],
  duration: ["P1Y2M3DT4H5M6S", "P2W", "PT10M", "P1D", "P"],
  email: ["a@b.co", "first.last+tag@sub.example.org", "a@b"],
  hostname: ["localhost", "a-b.example.com", "-a"],
  ipv4: ["0.0.0.0", "255.249.10.1", "256.1.1.1"],
  ipv6: ["::", "::1", "fe80::1:2", "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6::", ":::"],
  uuid: ["123e4567-e89b-12d3-a456-426614174000", "ABCDEFAB-0000-0000-0000-000000000000", "x"],
};

const characters = fc.string({ unit: "grapheme", maxLength: 6 });
const scalar = fc.oneof(characters, fc.integer({ min: -1000, max: 1000 }), fc.boolean(), fc.constant(null));
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const defined = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
const ordered =
  (low: string, high: string) =>
  (schema: Schema): Schema => {
    const [first, second] = [schema[low], schema[high]];
    return typeof first === "number" && typeof second === "number" && first > second
      ? { ...schema, [low]: second, [high]: first }
      : schema;
  };

const string = fc
  .record({
    type: fc.constant("string"),
    minLength: maybe(fc.integer({ min: 0, max: 4 })),
    maxLength: maybe(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 60, max: 5000 }))),
  })
  .map(ordered("minLength", "maxLength"));
const pattern = fc.record({
  type: fc.constant("string"),
  pattern: fc.constantFrom(...patterns.map(([source]) => source)),
});
const patternWithLength = pattern.map((schema) => ({ ...schema, maxLength: 20 }));
const format = fc.record({ type: fc.constant("string"), format: fc.constantFrom(...Object.keys(formatTexts)) });
const integer = fc
  .record({
    type: fc.constant("integer"),
    minimum: maybe(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.maxSafeInteger())),
    maximum: maybe(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.maxSafeInteger())),
  })
  .map(ordered("minimum", "maximum"));
const multiple = fc.record({
  type: fc.constantFrom("integer", "number"),
  multipleOf: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0.5, 0.25, 0.01, 2.5)),
  minimum: fc.integer({ min: -50, max: 0 }),
  maximum: fc.integer({ min: 1, max: 5000 }),
});
const bound = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.integer({ min: -9999, max: 9999 }).map((value) => value / 100),
  // JavaScript writes what is closer to zero with an exponent, which numbers with bounds don't have.
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => (Math.abs(value) < 1e-6 ? 0 : value)),
);
const number = fc
  .record({
    type: fc.constant("number"),
    minimum: maybe(bound),
    exclusiveMaximum: maybe(bound),
  })
  .map(ordered("minimum", "exclusiveMaximum"))
  .filter(({ minimum, exclusiveMaximum }) => minimum === undefined || minimum !== exclusiveMaximum);
const exclusive = bound.map((exclusiveMinimum) => ({
  type: "number",
  exclusiveMinimum,
  maximum: exclusiveMinimum + 7,
}));
const enumeration = fc.oneof(
  fc.uniqueArray(scalar, { minLength: 1, maxLength: 6 }).map((values) => ({ enum: values })),
  fc.uniqueArray(characters, { minLength: 1, maxLength: 30 }).map((values) => ({ type: "string", enum: values })),
  scalar.map((value) => ({ const: value })),
);
const simple = fc.constantFrom<Schema>(
  { type: "boolean" },
  { type: "null" },
  { type: ["string", "null"], maxLength: 5 },
  { type: ["integer", "boolean", "null"], minimum: 0 },
);
const reference = fc.constantFrom<Schema>(
  { $ref: "#/$defs/leaf" },
  { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
  { type: "array", items: { $ref: "#/$defs/node" }, maxItems: 3 },
  { type: "array", items: { $ref: "#" } },
);
const names = fc.uniqueArray(fc.oneof(fc.constantFrom("a", "ab", "kind", 'é"\\', ""), characters), { maxLength: 5 });

export const objectOf = (properties: Readonly<Record<string, unknown>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  description: "Ignored.",
});

const kinds = fc.uniqueArray(fc.constantFrom("a", "ab", "b", "sum", "sun", 1, 12, true, null), {
  minLength: 1,
  maxLength: 4,
});
/** What tells the members of a union apart, or not: single values, several, or numbers and strings that may overlap. */
const discriminator: fc.Arbitrary<Schema> = fc.oneof(
  kinds.map((values) => (values.length === 1 ? { const: values[0] } : { enum: values })),
  fc.constantFrom<Schema>(
    { type: "string", pattern: "^[a-z]+$" },
    { type: "string", maxLength: 2 },
    { type: "string", maxLength: 5000 },
    { type: "integer", minimum: 0 },
    { type: "number", maximum: 12.5 },
  ),
);

/** Definitions of a graph: objects that begin alike and lead to each other, told apart before, after or never. */
const graphNames = ["g0", "g1", "g2", "g3"] as const;
const edge: fc.Arbitrary<Schema> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...graphNames), { minLength: 1, maxLength: 3 }),
    fc.constantFrom<Schema>({ type: "null" }, { type: "string", maxLength: 3 }, { const: "end" }),
    fc.constantFrom("alone", "listed", "counted"),
  )
  .map(([targets, end, form]) => {
    const anyOf = [...targets.map((target) => ({ $ref: `#/$defs/${target}` })), end];
    if (form === "alone") return { anyOf };
    return { type: "array", items: { anyOf }, ...(form === "counted" ? { minItems: 1, maxItems: 70 } : {}) };
  });
const graphNode: fc.Arbitrary<Schema> = fc
  .uniqueArray(fc.tuple(fc.constantFrom("kind", "left", "right"), fc.oneof(discriminator, edge)), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((members) => objectOf(Object.fromEntries(members)));
const graph: fc.Arbitrary<Schema> = fc
  .tuple(...graphNames.map(() => graphNode))
  .map((nodes) => Object.fromEntries(graphNames.map((name, index) => [name, nodes[index]])));

/** Hundreds of numbers with bounds of their own, as members or as alternatives. */
const manyNumbers = fc
  .tuple(
    fc.uniqueArray(fc.oneof(integer, number, exclusive).map(defined), {
      minLength: 2,
      maxLength: 300,
      size: "max",
      selector: (one) => JSON.stringify(one),
    }),
    fc.boolean(),
  )
  .map(([anyOf, isUnion]) =>
    isUnion ? { anyOf } : objectOf(Object.fromEntries(anyOf.map((one, index) => [`n${index}`, one]))),
  );

const { schema, leaf } = fc.letrec<{ schema: Schema; object: Schema; array: Schema; union: Schema; leaf: Schema }>(
  (tie) => ({
    leaf: fc
      .oneof(string, pattern, patternWithLength, format, integer, multiple, number, exclusive, enumeration, simple)
      .map(defined),
    object: names.chain((keys) =>
      fc
        .tuple(...keys.map(() => tie("schema")))
        .map((values) =>
          objectOf(
            Object.fromEntries(keys.filter((key) => key !== "__proto__").map((key, index) => [key, values[index]])),
          ),
        ),
    ),
    array: fc
      .record({
        type: fc.constant("array"),
        items: tie("schema"),
        minItems: maybe(fc.integer({ min: 0, max: 3 })),
        maxItems: maybe(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 60, max: 300 }))),
      })
      .map(ordered("minItems", "maxItems"))
      .map(defined),
    union: fc.array(tie("schema"), { minLength: 1, maxLength: 4 }).map((anyOf) => ({ anyOf })),
    schema: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: tie("leaf"), weight: 5 },
      { arbitrary: reference, weight: 1 },
      { arbitrary: tie("object"), weight: 3 },
      { arbitrary: tie("array"), weight: 2 },
      { arbitrary: tie("union"), weight: 2 },
    ),
  }),
);

/** Schemas of every keyword, with definitions that lead back to themselves and to the root. */
const ordinarySchema: fc.Arbitrary<Schema> = fc
  .tuple(
    fc.dictionary(
      characters.filter((key) => key !== "__proto__"),
      schema,
      { minKeys: 1, maxKeys: 4 },
    ),
    leaf,
  )
  .map(([properties, definition]) => ({
    ...objectOf(properties),
    $defs: {
      leaf: definition,
      node: objectOf({
        value: { type: ["integer", "null"] },
        next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
      }),
    },
  }));

const discriminatedUnion = fc
  .array(fc.tuple(names, discriminator, fc.boolean()), { minLength: 2, maxLength: 12 })
  .chain((members) =>
    fc.tuple(
      ...members.map(([keys, kind, isFirst]) =>
        fc.tuple(...keys.map(() => fc.oneof(leaf, reference))).map((values) => {
          const others = keys
            .map((key, index): [string, unknown] => [key, values[index]])
            .filter(([key]) => key !== "__proto__" && key !== "kind");
          return objectOf(Object.fromEntries(isFirst ? [["kind", kind], ...others] : [...others, ["kind", kind]]));
        }),
      ),
    ),
  )
  .map((anyOf) => ({ anyOf }));

/** Schemas whose alternatives are hard to tell apart, and such with many numbers. */
const hardSchema: fc.Arbitrary<Schema> = fc
  .tuple(ordinarySchema, graph, edge, fc.oneof({ arbitrary: discriminatedUnion, weight: 3 }, manyNumbers))
  .map(([ordinary, definitions, start, other]) => ({
    ...objectOf({ start, other, ...(ordinary.properties as Schema) }),
    $defs: { ...(ordinary.$defs as Schema), ...definitions },
  }));

/** Strict schemas, hard ones and ordinary ones. */
export const strictSchema: fc.Arbitrary<Schema> = fc.oneof(ordinarySchema, hardSchema);

/** Repeatable random strict schemas. */
export const randomStrictSchemas = (count: number, seed: number): Schema[] =>
  fc.sample(strictSchema, { numRuns: count, seed });
