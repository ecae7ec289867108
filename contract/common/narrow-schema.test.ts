import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { createChatCompletionBody } from "../chat/request.ts";
import { createResponseBody } from "../responses/request.ts";
import { narrowSchemaFor } from "./narrow-schema.ts";

const shape = {
  text: z.string(),
  count: z.int().optional(),
  maybe: z.string().nullish(),
  filled: z.string().default("none"),
  filledToo: z.int().default(1).optional(),
  list: z.array(z.string()).max(2).optional(),
};
const values = fc.dictionary(
  fc.constantFrom(...Object.keys(shape), "unknown", "text,count"),
  fc.oneof(fc.constantFrom("a", 1, null, undefined, ["a"], ["a", "b", "c"])),
);

describe("a narrow schema", () => {
  test.each([
    ["strict", () => z.strictObject(shape)],
    ["stripping", () => z.object(shape)],
    ["loose", () => z.looseObject(shape)],
  ])("takes what the whole one takes, and gives out the same: %s", (_, make) => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), (each) => {
        const schema: z.ZodType = make();
        for (const value of each) {
          const narrow = narrowSchemaFor(schema, value)?.safeParse(value);
          const whole = schema.safeParse(value);
          if (narrow === undefined) continue;
          expect(narrow.success).toBe(whole.success);
          expect(narrow.data).toEqual(whole.data);
        }
      }),
    );
  });

  test("is made for the bodies that are asked for most", () => {
    const chat = { model: "m", messages: [{ role: "user", content: "a" }] };
    for (const [schema, body] of [
      [createChatCompletionBody, chat],
      [createResponseBody, { model: "m", input: "a" }],
    ] as const) {
      const narrow = narrowSchemaFor<z.ZodType>(schema, body);
      expect(narrow).toBeInstanceOf(z.ZodObject);
      expect(Object.keys((narrow as z.ZodObject).shape).length).toBeLessThan(Object.keys(schema.shape).length / 2);
      expect(narrow).toBe(narrowSchemaFor<z.ZodType>(schema, structuredClone(body)));
    }
  });

  test("is not made where the whole object is checked, nor without end", () => {
    expect(
      narrowSchemaFor(
        z.strictObject(shape).refine(() => true),
        { text: "a" },
      ),
    ).toBeUndefined();
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    const schema = z.strictObject(Object.fromEntries(keys.map((key) => [key, z.int().optional()])));
    const made = keys.flatMap((one) => keys.map((two) => narrowSchemaFor(schema, { [one]: 1, [two]: 2 })));
    expect(new Set(made).size).toBe(65);
    expect(schema.safeParse({ k38: 1, k39: 2 }).success).toBe(true);
  });
});
