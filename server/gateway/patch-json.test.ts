import { describe, expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import { patchJson } from "./patch-json.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("patchJson", () => {
  test("replaces a member and leaves every other byte as it was", () => {
    const body = '{ "a" : [1, {"model":"inner"}],\n"model" : "old" , "text":"\\u00e9 \\"model\\": x" }';
    expect(decode(patchJson(encode(body), { model: "new" }))).toBe(
      '{"a" : [1, {"model":"inner"}],"model" : "new","text":"\\u00e9 \\"model\\": x"}',
    );
  });

  test("adds what is missing and removes what is undefined", () => {
    expect(decode(patchJson(encode("{}"), { a: 1 }))).toBe('{"a":1}');
    expect(decode(patchJson(encode('{"a":1,"b":2}'), { a: undefined }))).toBe('{"b":2}');
    expect(decode(patchJson(encode('{"a":1}'), { a: undefined }))).toBe("{}");
  });

  test("refuses a key that stands twice, also where it is written in another way", () => {
    for (const body of ['{"a":1,"a":2}', '{"model":1,"mod\\u0065l":2}']) {
      expect(() => patchJson(encode(body), {})).toThrow(ApiError);
    }
  });

  test("gives what parsing, changing and writing would give, for every object and every white space", () => {
    const changes = fc.dictionary(
      fc.constantFrom("a", "b", "model", "ü"),
      fc.option(fc.jsonValue(), { nil: undefined }),
    );
    const object = fc.dictionary(fc.oneof(fc.constantFrom("a", "b", "model", "ü"), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(object, changes, fc.constantFrom(0, 1, "\t", "\r\n "), (value, patch, indent) => {
        const patched = JSON.parse(decode(patchJson(encode(JSON.stringify(value, null, indent)), patch)));
        expect(patched).toEqual(JSON.parse(JSON.stringify({ ...value, ...patch })));
      }),
      { numRuns: 500 },
    );
  });
});
