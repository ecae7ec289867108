import { describe, expect, test } from "bun:test";
import {
  choice,
  type Expression,
  GrammarBuilder,
  jsonObjectGrammar,
  jsonSchemaGrammar,
  optional,
  type RuleName,
  repeat,
  rule,
  type SchemaSource,
  sequence,
  text,
} from "./index.ts";
import { Generator } from "./testing/generator.ts";
import { Recognizer } from "./testing/recognizer.ts";

const strict: SchemaSource = { param: "response_format", title: "response_format 'answer'", isStrict: true };
const loose: SchemaSource = { ...strict, isStrict: false };

const object = (properties: Record<string, unknown>, others: object = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...others,
});

const recognizer = (schema: unknown, source = strict): Recognizer => new Recognizer(jsonSchemaGrammar(schema, source));

describe("an answer by a schema", () => {
  test("has the members in the order of the schema, and at most one space after a comma or colon", () => {
    const { accepts } = bound(recognizer(object({ b: { type: "integer" }, a: { type: "boolean" } })));
    expect(accepts('{"b":1,"a":true}')).toBe(true);
    expect(accepts('{"b": 1, "a": true}')).toBe(true);
    expect(accepts('{"a":true,"b":1}')).toBe(false);
    expect(accepts('{"b":  1,"a":true}')).toBe(false);
    expect(accepts('{"b":1}')).toBe(false);
    expect(accepts('{"b":1,"a":true,"c":1}')).toBe(false);
  });

  test("holds strings that are JSON: escaped, without control characters", () => {
    const { accepts } = bound(recognizer(object({ s: { type: "string" } })));
    for (const value of ["", 'a"b\\c', "\u0000\u001f\n\t\b", "é👩‍👩‍👧‍👦\u2028", "\u007f"])
      expect(accepts(JSON.stringify({ s: value }))).toBe(true);
    expect(accepts('{"s":"a\nb"}')).toBe(false);
    expect(accepts('{"s":"\\x"}')).toBe(false);
  });
});

describe("numbers are held to their bounds exactly", () => {
  test.each<[object, readonly string[], readonly string[]]>([
    [
      { type: "integer", minimum: -12, exclusiveMaximum: 105 },
      ["-12", "-1", "0", "9", "99", "104"],
      ["-13", "105", "-0", "01", "1.0", "1e1"],
    ],
    [{ type: "integer" }, ["9007199254740991", "-9007199254740991"], ["9007199254740992", "10000000000000000"]],
    [
      { type: "number", minimum: 0.5, maximum: 12.25 },
      ["0.5", "0.50", "1", "12.25", "12.2499", "9.99"],
      ["0.49", "0", "12.251", "13", "-1", ".5", "5e0"],
    ],
    [
      { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 0.3 },
      ["0.1", "0.00000000000000000001", "0.29999999999999993"],
      ["0", "0.0", "0.3", "0.30000", "0.29999999999999999999", "-0.1"],
    ],
    [{ type: "number", maximum: -1.5 }, ["-1.5", "-2", "-999999999.25"], ["-1.4", "0", "1"]],
    [{ type: "number" }, ["0.1", "-12.5", "1e+21", "5e-324", "1.7976931348623157e307"], ["1e308", "1e999", "+1", "1."]],
    [{ type: "integer", multipleOf: 7, minimum: -20, maximum: 50 }, ["-14", "0", "7", "49"], ["-21", "1", "56"]],
    [{ type: "integer", multipleOf: 1000 }, ["0", "-3000", "123456000"], ["500", "1001"]],
    [{ type: "integer", multipleOf: 1.5 }, ["3", "-6", "0"], ["1", "2", "4.5"]],
    [{ type: "number", multipleOf: 0.25 }, ["0.25", "7", "-1.5", "0.50"], ["0.1", "0.251", "1.3"]],
    [
      { type: "integer", multipleOf: 86_400, minimum: 0, maximum: 8_640_000 },
      ["0", "86400", "8640000"],
      ["86401", "8726400"],
    ],
  ])("%j", (schema, allowed, forbidden) => {
    const { accepts } = bound(recognizer(object({ n: schema })));
    expect(allowed.filter((value) => !accepts(`{"n":${value}}`))).toEqual([]);
    expect(forbidden.filter((value) => accepts(`{"n":${value}}`))).toEqual([]);
  });
});

describe("alternatives", () => {
  const node = (kind: string, others: object) => object({ kind: { const: kind }, at: { type: "integer" }, ...others });
  const tree = object(
    { root: { $ref: "#/$defs/expression" } },
    {
      $defs: {
        expression: { anyOf: [{ $ref: "#/$defs/sum" }, { $ref: "#/$defs/string" }, { $ref: "#/$defs/number" }] },
        sum: node("sum", { left: { $ref: "#/$defs/expression" }, right: { $ref: "#/$defs/expression" } }),
        string: node("string", { value: { type: "string" } }),
        number: node("number", { value: { type: "number" } }),
      },
    },
  );

  test("that lead back to themselves are told apart as they are read, at any depth", () => {
    const made = recognizer(tree);
    const leaf = { kind: "number", at: 0, value: 1 };
    const nest = (depth: number): object =>
      depth === 0 ? leaf : { kind: "sum", at: depth, left: nest(depth - 1), right: leaf };
    expect(made.accepts(JSON.stringify({ root: nest(200) }))).toBe(true);
    expect(made.accepts(JSON.stringify({ root: { kind: "string", at: 1, value: 1 } }))).toBe(false);
    expect(made.readingsMost).toBeLessThan(8);
  });

  test("that lead back to themselves may have discriminators of several values, or such as overlap", () => {
    const member = (kinds: readonly string[], others: object) =>
      object({ kind: { enum: kinds }, child: { anyOf: [{ $ref: "#/$defs/u" }, { type: "null" }] }, ...others });
    const made = recognizer(
      object(
        { root: { $ref: "#/$defs/u" } },
        {
          $defs: {
            u: {
              anyOf: [
                member(["sum", "sub"], { a: { type: "null" } }),
                member(["sun", "sub"], { b: { type: "null" } }),
                member(["neg"], {}),
              ],
            },
          },
        },
      ),
    );
    const nest = (levels: number, kind: string, others: object): object =>
      levels === 0 ? { kind: "neg", child: null } : { kind, child: nest(levels - 1, kind, others), ...others };
    const accepts = (kind: string, others: object) => made.accepts(JSON.stringify({ root: nest(50, kind, others) }));
    expect([accepts("sum", { a: null }), accepts("sub", { a: null }), accepts("sub", { b: null })]).toEqual([
      true,
      true,
      true,
    ]);
    expect([accepts("sum", { b: null }), accepts("sun", { a: null }), accepts("neg", { a: null })]).toEqual([
      false,
      false,
      false,
    ]);
    expect(made.readingsMost).toBeLessThan(10);
  });

  test("may be told apart only after what leads back, a few of them inside each other", () => {
    const node = (names: readonly string[], kind: number) =>
      object({
        child: { anyOf: [...names.map((name) => ({ $ref: `#/$defs/${name}` })), { type: "null" }] },
        kind: { const: kind },
      });
    const made = recognizer(
      object(
        { root: { anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }] } },
        { $defs: { a: node(["a", "b"], 1), b: node(["b", "c"], 2), c: node(["c", "a"], 3) } },
      ),
    );
    const nest = (kinds: readonly number[]): object | null =>
      kinds[0] === undefined ? null : { child: nest(kinds.slice(1)), kind: kinds[0] };
    const accepts = (...kinds: number[]) => made.accepts(JSON.stringify({ root: nest(kinds) }));
    expect([accepts(1, 1), accepts(1, 2, 3, 1), accepts(2, 3, 1)]).toEqual([true, true, true]);
    expect([accepts(3), accepts(1, 3), accepts(2, 1), accepts(1, 2, 1)]).toEqual([false, false, false, false]);
    accepts(...Array.from({ length: 200 }, (_, index) => 1 + (index % 3)));
    expect(made.readingsMost).toBeLessThan(256);
  });

  test("may be hundreds of numbers with bounds of their own", () => {
    const numbers = Array.from({ length: 300 }, (_, index) => ({
      type: "number",
      exclusiveMinimum: index * 10.1,
      maximum: index * 10.1 + 1 / 3,
    }));
    const made = recognizer(
      object({
        one: { anyOf: numbers },
        all: object(Object.fromEntries(numbers.map((one, index) => [`n${index}`, one]))),
      }),
    );
    const all = Object.fromEntries(numbers.map(({ maximum }, index) => [`n${index}`, maximum]));
    const accepts = (one: number, others = all) => made.accepts(JSON.stringify({ one, all: others }));
    expect([accepts(0.2), accepts(2020.1), accepts(5)]).toEqual([true, true, false]);
    expect(accepts(0.2, { ...all, n299: 5041 })).toBe(false);
    expect(made.readingsMost).toBeLessThan(20);
  }, 60_000);

  test("may hold a union of what they hold themselves", () => {
    const within = { anyOf: [{ type: "integer" }, { type: "null" }] };
    const { accepts } = bound(recognizer(object({ a: { anyOf: [within, { type: "null" }] } })));
    expect(['{"a":1}', '{"a":null}', '{"a":"1"}'].map(accepts)).toEqual([true, true, false]);
  });

  test("may be the same under several names", () => {
    const either = { anyOf: [{ $ref: "#/$defs/one" }, { $ref: "#/$defs/other" }, { type: "null" }] };
    const $defs = { one: object({ kind: either }), other: object({ kind: either }) };
    const { accepts } = bound(recognizer(object({ start: either }, { $defs })));
    expect(accepts('{"start":{"kind":{"kind":null}}}')).toBe(true);
    expect(accepts('{"start":{"kind":{"kind":1}}}')).toBe(false);
  });

  test("may begin alike where they don't lead back", () => {
    const { accepts } = bound(
      recognizer(
        object({
          a: {
            anyOf: [
              object({ v: { type: "string", format: "date" } }),
              object({ v: { type: "string" }, w: { type: "null" } }),
            ],
          },
        }),
      ),
    );
    expect(accepts('{"a":{"v":"2024-01-01"}}')).toBe(true);
    expect(accepts('{"a":{"v":"2024-01-01","w":null}}')).toBe(true);
    expect(accepts('{"a":{"v":"x"}}')).toBe(false);
  });

  test("of an enum are those that satisfy the schema's other keywords", () => {
    const values = { enum: ["abc", "b", 5, 50, null, true] };
    const { accepts } = bound(
      recognizer(object({ a: { ...values, type: ["string", "integer", "null"], maxLength: 2, minimum: 10 } })),
    );
    expect(values.enum.filter((value) => accepts(JSON.stringify({ a: value })))).toEqual(["b", 50, null]);
  });
});

describe("a schema that is not strict", () => {
  const { accepts } = bound(
    recognizer(
      {
        type: "object",
        properties: {
          a: { minimum: 1 },
          ab: { type: "string" },
          c: { allOf: [{ $ref: "#/definitions/d" }], description: "d" },
        },
        required: ["ab"],
        additionalProperties: { type: "null" },
        definitions: { d: { items: {} } },
      },
      loose,
    ),
  );

  test.each([
    '{"ab":""}',
    '{"a":1,"ab":""}',
    '{"ab":"","c":[1,"x"]}',
    '{"a":1.5,"ab":"","c":[],"x":null,"abc":null}',
    '{"ab":"","":null}',
  ])("lets optional members out, and others in: %s", (value) => expect(accepts(value)).toBe(true));

  test.each([
    "{}",
    '{"ab":"","a":1}',
    '{"a":0,"ab":""}',
    '{"ab":"","x":1}',
    '{"ab":"","ab":null}',
    '{"ab":"",}',
    '{,"ab":""}',
    '{"a":1}',
  ])("holds to the rest: %s", (value) => expect(accepts(value)).toBe(false));

  test("allows anything where it says nothing", () => {
    for (const schema of [{}, true, { type: "object" }, { description: "Anything." }])
      expect(recognizer(schema, loose).accepts('{"a":[1,{"b":null}]}')).toBe(true);
  });
});

test("any object is what json_object asks for", () => {
  const { accepts } = bound(new Recognizer(jsonObjectGrammar()));
  expect(accepts(JSON.stringify({ a: [1, -2.5e-7, { b: {} }, []], "": null, c: "x", d: false }))).toBe(true);
  expect(accepts("{}")).toBe(true);
  expect(accepts("[]")).toBe(false);
  expect(accepts('{"a":1')).toBe(false);
});

test("parts of different kinds are joined into one grammar", () => {
  const builder = new GrammarBuilder();
  const [schema, pattern] = [
    builder.schema(object({ n: { type: "null" } }), loose),
    builder.regex("[a-c]{2}", "tools"),
  ];
  const call: Expression = choice([rule(schema), sequence(rule(pattern), optional(rule(builder.any())))]);
  const root: RuleName = builder.rule(repeat(sequence(text("<call>"), call), 1, 2));
  const grammar = builder.finish(root, "tools");
  const { accepts } = bound(new Recognizer(grammar));
  expect(accepts('<call>{"n":null}')).toBe(true);
  expect(accepts('<call>{"n":null}<call>ab[1]')).toBe(true);
  expect(accepts('<call>{"n":null}[1]')).toBe(false);
  expect(accepts("<call>ad")).toBe(false);
  expect(accepts(new Generator(grammar, () => 0).generate(50))).toBe(true);
});

function bound(made: Recognizer): { accepts: (value: string) => boolean } {
  return { accepts: (value) => made.accepts(value) };
}
