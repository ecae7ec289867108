import { expect, test } from "bun:test";
import fc from "fast-check";
import { unitVector } from "./unit-vector.ts";

const vector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 })
  .filter((values) => Math.abs(values[0] ?? 0) > 0.01);
const lengthOf = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

test("a shortened vector points where the beginning of the whole one does, and is of length 1", () => {
  fc.assert(
    fc.property(vector, fc.nat(), (values, cut) => {
      const dimensions = 1 + (cut % values.length);
      const beginning = values.slice(0, dimensions);
      const short = unitVector(values, dimensions);
      expect(short.length).toBe(dimensions);
      expect(lengthOf(short)).toBeCloseTo(1, 5);
      const scale = lengthOf(beginning);
      for (const [index, value] of beginning.entries()) expect(short[index]).toBeCloseTo(value / scale, 5);
    }),
  );
});

test("to shorten the whole vector, or one that is of length 1 already, makes no difference", () => {
  fc.assert(
    fc.property(vector, fc.nat(), (values, cut) => {
      const dimensions = 1 + (cut % values.length);
      const [once, twice] = [unitVector(values, dimensions), unitVector(unitVector(values), dimensions)];
      for (const [index, value] of once.entries()) expect(twice[index]).toBeCloseTo(value, 5);
    }),
  );
});

test("its bytes are its own, and a vector of nothing stays one", () => {
  expect(unitVector([3, 4, 5], 2).buffer.byteLength).toBe(8);
  expect(Array.from(unitVector([3, 4, 5], 2))).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect(Array.from(unitVector([0, 0]))).toEqual([0, 0]);
});
