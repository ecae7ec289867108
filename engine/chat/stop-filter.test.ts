import { expect, test } from "bun:test";
import fc from "fast-check";
import { StopFilter } from "./stop-filter.ts";

function filterAll(pieces: readonly string[], stops: readonly string[]): string {
  const filter = new StopFilter(stops);
  let sent = "";
  for (const piece of pieces) {
    const { text, stopped } = filter.push(piece);
    sent += text;
    if (stopped) return sent;
  }
  return sent + filter.flush();
}

const letters = fc.string({ unit: fc.constantFrom("a", "b", "c") });

test("whatever the pieces, the text ends exactly before the first stop string", () => {
  fc.assert(
    fc.property(fc.array(letters), fc.array(letters.filter(Boolean), { maxLength: 4 }), (pieces, stops) => {
      const text = pieces.join("");
      // The piece that completes a stop string decides: of those complete by then, the leftmost counts.
      let seen = "";
      for (const piece of pieces) {
        seen += piece;
        const starts = stops.map((stop) => seen.indexOf(stop)).filter((start) => start >= 0);
        if (starts.length > 0) return expect(filterAll(pieces, stops)).toBe(seen.slice(0, Math.min(...starts)));
      }
      expect(filterAll(pieces, stops)).toBe(text);
    }),
  );
});

test("holds back only what may still become a stop string", () => {
  const filter = new StopFilter(["END"]);
  expect(filter.push("the E")).toEqual({ text: "the ", stopped: false, rest: "" });
  expect(filter.push("N")).toEqual({ text: "", stopped: false, rest: "" });
  expect(filter.push("T")).toEqual({ text: "ENT", stopped: false, rest: "" });
});

test("gives what comes after the stop string, for those to whom it is no end", () => {
  const filter = new StopFilter(["</tag>"]);
  expect(filter.push("in</t")).toEqual({ text: "in", stopped: false, rest: "" });
  expect(filter.push("ag> after")).toEqual({ text: "", stopped: true, rest: " after" });
});
