import { describe, expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { jsonSchemaGrammar, type SchemaSource } from "./index.ts";
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
const string = { type: "string" };
const manyNames = (count: number, length = 3) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index).padStart(length, "0"), string]));
const nested = (levels: number): unknown => (levels === 1 ? object({ a: string }) : object({ a: nested(levels - 1) }));

function refusal(schema: unknown, source: SchemaSource): ApiError {
  try {
    jsonSchemaGrammar(schema, source);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("the schema was not refused");
}

describe("a strict schema is refused in OpenAI's words where", () => {
  test.each([
    [
      "an object is open",
      { type: "object", properties: {}, required: [] },
      "In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      "a nested object is open",
      object({ a: { type: "object", properties: {} } }),
      "In context=('properties', 'a'), 'additionalProperties' is required",
    ],
    [
      "a property is optional",
      object({ a: string, b: string }, { required: ["a"] }),
      "to be an array including every key in properties. Missing 'b'.",
    ],
    ["required is missing", { type: "object", properties: { a: string }, additionalProperties: false }, "Missing 'a'."],
    ["required names another", object({ a: string }, { required: ["a", "z"] }), "Extra required key 'z' supplied."],
    [
      "the root is no object",
      { type: "array", items: string },
      `schema must be a JSON Schema of 'type: "object"', got 'type: "array"'.`,
    ],
    ["the root is a union", { anyOf: [object({})] }, "must have type 'object' and not have"],
    [
      "a type is missing",
      object({ a: { description: "?" } }),
      "In context=('properties', 'a'), schema must have a 'type' key.",
    ],
    ["items are missing", object({ a: { type: "array" } }), "array schema missing items."],
    ["there are 5,001 properties", object(manyNames(5001, 4)), "limit of 5000 object properties"],
    ["it is 11 levels deep", nested(11), "limit of 10 levels of nesting"],
    [
      "there are 1,001 enum values",
      object({ a: { enum: Array.from({ length: 1001 }, (_, index) => index) } }),
      "limit of 1000 enum values",
    ],
    [
      "a large enum is long",
      object({ a: { enum: Array.from({ length: 251 }, (_, index) => `${index}`.padStart(60)) } }),
      "limit of 15000 characters",
    ],
    ["names are long", object({ ["x".repeat(120_001)]: string }), "limit of 120000 characters"],
    ["a keyword is not part of it", object({ a: { allOf: [string] } }), "schema must have a 'type' key."],
    [
      "a keyword can't be enforced",
      object({ a: { type: "array", items: string, uniqueItems: true } }),
      "In context=('properties', 'a'), 'uniqueItems' is not permitted.",
    ],
  ])("%s", (_, schema, message) => {
    const error = refusal(schema, strict);
    expect(error.message).toContain("Invalid schema for response_format 'answer': In context=(");
    expect(error.message).toContain(message);
    expect(error.toBody().error).toMatchObject({
      type: "invalid_request_error",
      code: "invalid_json_schema",
      param: "response_format",
    });
    expect(error.status).toBe(400);
  });
});

describe("a schema is refused where", () => {
  test.each<[string, unknown, string]>([
    ["it is no schema", object({ a: 5 }), "5 is not of type 'object'."],
    ["a schema allows nothing", object({ a: false }), "false is not of type 'object'."],
    ["a type is unknown", object({ a: { type: "text" } }), `"text" is not a valid 'type'.`],
    ["a keyword is of another type", object({ a: { type: "string", minimum: 1 } }), "'minimum' is not permitted."],
    ["a bound is no number", object({ a: { type: "integer", minimum: "1" } }), "'minimum' must be a number."],
    [
      "a length is negative",
      object({ a: { type: "string", minLength: -1 } }),
      "'minLength' must be a non-negative integer.",
    ],
    [
      "bounds are crossed",
      object({ a: { type: "string", minLength: 2, maxLength: 1 } }),
      "'minLength' is above 'maxLength'.",
    ],
    ["no number is left", object({ a: { type: "integer", minimum: 2, exclusiveMaximum: 2 } }), "allows no number"],
    [
      "no multiple is left",
      object({ a: { type: "integer", minimum: 1, maximum: 6, multipleOf: 7 } }),
      "allows no number",
    ],
    ["a divisor is zero", object({ a: { type: "integer", multipleOf: 0 } }), "'multipleOf' must be greater than 0."],
    [
      "a divisor is too large to count by",
      object({ a: { type: "integer", multipleOf: 86_401 } }),
      "'multipleOf' whose multiples are too many",
    ],
    [
      "no string is left",
      object({ a: { type: "string", pattern: "^a$", minLength: 2 } }),
      "'pattern' allows no string.",
    ],
    [
      "a pattern is no regular expression",
      object({ a: { type: "string", pattern: "(" } }),
      "'pattern' is not a valid regular expression",
    ],
    ["a pattern looks ahead", object({ a: { type: "string", pattern: "^(?!x)" } }), "'pattern' has a lookahead '(?!'"],
    ["a pattern refers back", object({ a: { type: "string", pattern: "(a)\\1" } }), "'pattern' has a backreference"],
    [
      "a format is unknown",
      object({ a: { type: "string", format: "uri" } }),
      "'format' has the unsupported format 'uri'",
    ],
    ["an enum is empty", object({ a: { enum: [] } }), "no value of 'enum' satisfies"],
    ["an enum has no value of its type", object({ a: { type: "string", enum: [1] } }), "no value of 'enum' satisfies"],
    ["a union is empty", object({ a: { anyOf: [] } }), "'anyOf' must name a schema."],
    [
      "a union has neighbours",
      object({ a: { anyOf: [string], minLength: 1 } }),
      "'minLength' is not permitted beside 'anyOf'.",
    ],
    [
      "a reference has neighbours",
      object({ a: { $ref: "#/$defs/b", type: "string" } }, { $defs: { b: string } }),
      "'type' is not permitted beside '$ref'.",
    ],
    ["a reference leads nowhere", object({ a: { $ref: "#/$defs/b" } }), "reference '#/$defs/b' can not be resolved."],
    ["a reference leads outside", object({ a: { $ref: "https://example.com/b" } }), "can not be resolved."],
    ["a recursion has no end", object({ a: { $ref: "#" } }), "has a recursion without an end"],
    [
      "references go in circles",
      object({ a: { $ref: "#/$defs/b" } }, { $defs: { b: { $ref: "#/$defs/c" }, c: { $ref: "#/$defs/b" } } }),
      "has a recursion without an end",
    ],
    ["a keyword can't be enforced", object({ a: { not: string } }), "'not' is not permitted."],
    ["exactly one must fit", object({ a: { oneOf: [string] } }), "'oneOf' is not permitted."],
    ["all must fit", object({ a: { allOf: [string, string] } }), "'allOf' with other than one schema"],
    ["names have a pattern", { type: "object", patternProperties: {} }, "'patternProperties' is not permitted."],
    [
      "a required member is forbidden",
      { type: "object", required: ["z"], additionalProperties: false },
      "'required' names 'z'",
    ],
  ])("%s", (_, schema, message) => {
    const error = refusal(schema, loose);
    expect(error.message).toContain(message);
    expect(error.status).toBe(400);
    expect(error.param).toBe("response_format");
  });
});

describe("within a bounded time, a schema is refused", () => {
  const chain = (count: number, definition: (next: string) => unknown) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `d${index}`,
        index + 1 === count ? string : definition(`#/$defs/d${index + 1}`),
      ]),
    );
  const union = (next: string) => ({
    anyOf: [
      object({ a: { $ref: next }, b: string }),
      object({ a: { anyOf: [{ $ref: next }, { type: "null" }] }, c: string }),
    ],
  });
  test.each<[string, unknown, string]>([
    ["of 5 MB", object({ a: { ...string, description: "x".repeat(5_000_000) } }), "more than 1000000 characters"],
    [
      "of a million values",
      object({ a: { enum: Array.from({ length: 1_000_000 }, (_, index) => index) } }),
      "more than 100000 values",
    ],
    [
      "nested 100,000 levels deep",
      Array.from({ length: 100_000 }).reduce((inner) => ({ type: "array", items: inner }), string),
      "nested deeper than 200 levels",
    ],
    [
      "that asks for a million items of a million",
      object({ a: { type: "array", minItems: 1_000_001, items: string } }),
      "'minItems' above 1000000",
    ],
    [
      "whose pattern counts to a million",
      object({ a: { type: "string", pattern: "^(ab){1,1000000}$" } }),
      "'pattern' is too long or repeats too much.",
    ],
    [
      "whose pattern counts in counts",
      object({ a: { type: "string", pattern: "^(((a{1,100}){1,100}){1,100}){1,100}$" } }),
      "'pattern' is too long or repeats too much.",
    ],
    [
      "whose pattern is exponential",
      object({ a: { type: "string", pattern: "^(a|b)*a(a|b){25}$" } }),
      "'pattern' needs too many states",
    ],
  ])("%s", (_, schema, message) => {
    expect(refusal(schema, loose).message).toContain(message);
  });

  test.each<[string, unknown, string, string]>([
    [
      "20 unions that begin alike inside each other",
      object({ a: { $ref: "#/$defs/d0" } }, { $defs: chain(20, union) }),
      `${'{"a":'.repeat(20)}"x"${',"b":""}'.repeat(9)}${',"c":""}'.repeat(10)}}`,
      `${'{"a":'.repeat(20)}"x"${',"b":""}'.repeat(9)}${',"d":""}'.repeat(10)}}`,
    ],
    [
      "40 unions of unions",
      object(
        { a: { $ref: "#/$defs/d0" } },
        { $defs: chain(40, (next) => ({ anyOf: [{ $ref: next }, { $ref: next }] })) },
      ),
      '{"a":"x"}',
      '{"a":1}',
    ],
    [
      "up to 70 items that hold such items",
      object(
        { a: { $ref: "#/$defs/n" } },
        { $defs: { n: { type: "array", items: { $ref: "#/$defs/n" }, maxItems: 70 } } },
      ),
      `{"a":${"[[],".repeat(30)}[]${"]".repeat(30)}}`,
      `{"a":[${"[],".repeat(70)}[]]}`,
    ],
    [
      "a chain of 1,500 definitions",
      object({ a: { $ref: "#/$defs/d0" } }, { $defs: chain(1_500, (next) => ({ $ref: next })) }),
      '{"a":"x"}',
      '{"a":1}',
    ],
    [
      "a chain of 6,000 objects",
      object(
        { a: { $ref: "#/$defs/d0" } },
        { $defs: chain(6_000, (next) => ({ type: "object", properties: { b: { $ref: next } } })) },
      ),
      '{"a":{"b":{"b":{}}}}',
      '{"a":{"b":{"b":1}}}',
    ],
    [
      "a length of 2,147,483,647",
      object({ a: { type: "string", minLength: 2, maxLength: 2_147_483_647 } }),
      '{"a":"xy"}',
      '{"a":"x"}',
    ],
    [
      "10,000 characters and no more",
      object({ a: { type: "string", maxLength: 10_000 } }),
      `{"a":"${"x".repeat(10_000)}"}`,
      `{"a":"${"x".repeat(10_001)}"}`,
    ],
    [
      "3,001 items and no less",
      object({ a: { type: "array", items: { type: "null" }, minItems: 3_001 } }),
      `{"a":[${"null,".repeat(3_000)}null]}`,
      `{"a":[${"null,".repeat(2_999)}null]}`,
    ],
    [
      "5,000 properties",
      object(manyNames(5000, 4)),
      JSON.stringify(
        Object.fromEntries(
          Object.keys(manyNames(5000, 4))
            .toSorted()
            .map((name) => [name, ""]),
        ),
      ),
      "{}",
    ],
  ])("or understood: %s", (_, schema, allowed, forbidden) => {
    const recognizer = new Recognizer(jsonSchemaGrammar(schema, loose));
    expect(recognizer.accepts(allowed)).toBe(true);
    expect(recognizer.accepts(forbidden)).toBe(false);
    expect(recognizer.readingsMost).toBeLessThan(10);
  });
});

test.each<[string, (index: number) => unknown, number]>([
  ["many large patterns", (index) => ({ ...string, pattern: `^[a-${"bcdefghijk"[index]}]{0,9000}$` }), 10],
  ["thousands of small patterns", (index) => ({ ...string, pattern: `^[a-z]{1,40}-${index}$` }), 5_000],
  ["thousands of lengths", (index) => ({ ...string, maxLength: 1_000 + index }), 5_000],
])(
  "a grammar that grows too large is refused: %s",
  (_, schemaOf, count) => {
    const properties = Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schemaOf(index)]));
    const { message, code } = refusal(object(properties), loose);
    expect(message).toMatch(/makes too large a grammar|takes too long to compile/);
    expect(code).toBe("invalid_json_schema");
  },
  60_000,
);
