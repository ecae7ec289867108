import { expect, test } from "bun:test";
import fc from "fast-check";
import { dataOf, splitEvents } from "./sse-events.ts";

/** U+2028, U+2029 and U+0085 end lines elsewhere, and stand in a JSON string as they are. */
const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a\u2028b", "\u2029", "\u0085", "\u2028data: x"));
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

test("the data of every event is found whole, whatever its text, its name and the ends of its lines", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.boolean())), lineEnd, (said, end) => {
      const sent = said.map(([word]) => JSON.stringify({ word }));
      const events = said.map(
        ([, isNamed], index) => `${isNamed ? `event: some${end}` : ""}data: ${sent[index]}${end}${end}`,
      );
      expect(splitEvents(events.join("")).map(dataOf)).toEqual(sent);
    }),
  );
});

test("an event without data has none", () => {
  expect(dataOf(": a comment")).toBeUndefined();
  expect(dataOf("event: data: x")).toBeUndefined();
});
