import { expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";
import { encodeFields } from "./encode-fields.ts";

const hex = (label: string, fields: Parameters<typeof encodeFields>[1]) =>
  Buffer.from(encodeFields(label, fields)).toString("hex");

const field = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.integer({ min: -20, max: 20 }),
  fc.constant(null),
  fc.uint8Array({ maxLength: 3 }),
);
const fields = fc.array(field, { maxLength: 4 });

test("the bytes of fields are a kind, a length and a content, one after the other", () => {
  expect(hex("a", ["é", 12, null, new Uint8Array([255])])).toBe(
    "740000000161 7400000002c3a9 69000000023132 6e00000000 6200000001ff".replaceAll(" ", ""),
  );
});

test("two lists of fields have the same bytes only where they are the same", () => {
  fc.assert(
    fc.property(fields, fields, (left, right) => {
      const areSame = JSON.stringify(left.map(tell)) === JSON.stringify(right.map(tell));
      expect(hex("l", left) === hex("l", right)).toBe(areSame);
    }),
    { numRuns: 2_000 },
  );
});

test("neighbouring texts, kinds and labels can't be taken for one another", () => {
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", null], ["", "abc"], [null, "abc"]] as const;
  const numbers = [["1"], [1], [Buffer.from("1")]] as const;
  const encoded = [...lists, ...numbers].map((list) => hex("l", list));
  expect(new Set([...encoded, hex("m", ["abc"])]).size).toBe(encoded.length + 1);
});

test("canonical JSON is the same for any order of names, and reads back as it was", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: "\ud800\0" })).toBe(
    '{"a":"\\ud800\\u0000","b":[1,{"d":null}]}',
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, () => 1, new Date(0), new Map()])(
  "canonical JSON refuses %p rather than change it",
  (value) => {
    expect(() => canonicalJson({ value: [value] })).toThrow(TypeError);
  },
);

function tell(value: string | number | null | Uint8Array): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}
