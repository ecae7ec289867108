import { expect, test } from "bun:test";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { zstdOfText } from "./zstd.ts";

test("what is compressed is read by others as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat({ max: 5_000 }), (text, times) => {
      const repeated = text.repeat(times);
      expect(zstdDecompressSync(zstdOfText(repeated)).toString("utf8")).toBe(repeated);
    }),
    { numRuns: 50 },
  );
});

test("deltas, which repeat each other, take a tenth of their room", () => {
  const events = Array.from({ length: 100 }, (_, index) => `data: {"delta":"word ","sequence_number":${index}}\n\n`);
  const text = events.join("");
  expect(zstdOfText(text).byteLength).toBeLessThan(text.length / 10);
});
