import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { createChatCompletionBody } from "../chat/request.ts";
import { createEmbeddingBody } from "../embeddings.ts";
import { createResponseBody } from "../responses/request.ts";
import { list, pairs } from "./collections.ts";
import { ApiError } from "./errors.ts";
import { parseRequest } from "./validation.ts";

/** A value that counts how often any validator looks at one of its properties. */
function watched(looks: { count: number }): object {
  return new Proxy(
    {},
    {
      get(target, key) {
        looks.count++;
        return Reflect.get(target, key);
      },
      has(target, key) {
        looks.count++;
        return Reflect.has(target, key);
      },
    },
  );
}

describe("a request with many wrong elements is refused after a look at the first ones", () => {
  const many = (element: unknown, count: number) => Array.from({ length: count }, () => element);
  const keys = (value: unknown, count: number) => Object.fromEntries(many(value, count).map((one, key) => [key, one]));
  const base = { model: "m", messages: [{ role: "user", content: "a" }] };
  const requests = (wrong: unknown) =>
    [
      ["messages", createChatCompletionBody, { ...base, messages: many(wrong, 10_000) }],
      ["too many messages", createChatCompletionBody, { ...base, messages: many(wrong, 100_000) }],
      [
        "content",
        createChatCompletionBody,
        { ...base, messages: many({ role: "user", content: many(wrong, 2_000) }, 9) },
      ],
      ["tools", createChatCompletionBody, { ...base, tools: many(wrong, 100) }],
      ["metadata", createChatCompletionBody, { ...base, metadata: keys(wrong, 10_000) }],
      ["logit_bias", createChatCompletionBody, { ...base, logit_bias: keys(wrong, 10_000) }],
      ["input", createResponseBody, { input: many(wrong, 10_000) }],
      ["variables", createResponseBody, { prompt: { id: "p", variables: keys(wrong, 10_000) } }],
      ["embeddings", createEmbeddingBody, { model: "m", input: many(wrong, 2_000) }],
      ["embeddings of tokens", createEmbeddingBody, { model: "m", input: many(many(wrong, 8_000), 9) }],
    ] as const;
  const looks = { count: 0 };
  test.each(requests(watched(looks)).map(([name, schema, request]) => ({ name, schema, request })))(
    "$name",
    ({ schema, request }) => {
      looks.count = 0;
      expect(() => parseRequest<z.ZodType>(schema, request)).toThrow(ApiError);
      expect(looks.count).toBeLessThan(60);
    },
  );
});

test("list takes what zod's array takes, within its bounds", () => {
  const numbers = list(z.int(), { min: 1, max: 3 });
  expect(numbers.parse([1, 2])).toEqual([1, 2]);
  const codes = [[], [1, 2, 3, 4], "x", { length: 2 }].map((given) => numbers.safeParse(given).error?.issues[0]?.code);
  expect(codes).toEqual(["too_small", "too_big", "invalid_type", "invalid_type"]);
});

test("pairs takes as many pairs as it may, and only of its kinds", () => {
  const two = pairs(z.string(), z.string(), 2);
  expect(two.parse({ a: "x", b: "y" })).toEqual({ a: "x", b: "y" });
  const codes = [{ a: 1 }, { a: "", b: "", c: "" }, "x", null, []].map(
    (given) => two.safeParse(given).error?.issues[0]?.code,
  );
  expect(codes).toEqual(["invalid_type", "custom", "invalid_type", "invalid_type", "invalid_type"]);
});
