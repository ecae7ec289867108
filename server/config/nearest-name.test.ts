import { expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearestName } from "./nearest-name.ts";

test("a mistyped name is answered with the one that was meant, a foreign one with none", () => {
  const known = ["HEADRACE_HOST", "HEADRACE_PORT", "HEADRACE_DATA"];
  expect(nearestName("HEADRACE_PROT", known)).toBe("HEADRACE_PORT");
  expect(nearestName("headrace_data", known)).toBe("HEADRACE_DATA");
  expect(nearestName("OPENAI_API_KEY", known)).toBeUndefined();
  expect(nearestName("apl", ["api", "key"])).toBe("api");
});

test("the distance of texts is a metric", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  const text = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});
