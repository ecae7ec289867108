import { describe, expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import { EventFramer } from "./event-framer.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const event = fc
  .tuple(
    fc.array(
      fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, " ")),
      { minLength: 1, maxLength: 3 },
    ),
    lineEnd,
  )
  .map(([lines, end]) => `${lines.map((line) => `data: ${line}`).join(end)}${end}${end}`);

describe("EventFramer", () => {
  test("gives out every byte, and never half an event, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (events, cuts) => {
        const bytes = encode(events.join(""));
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const framer = new EventFramer(1_000_000);
        const ends = new Set<number>();
        let length = 0;
        for (const text of events) {
          length += encode(text).length;
          ends.add(length);
        }
        let out = "";
        let given = 0;
        for (const [index, from] of [0, ...places].entries()) {
          const piece = framer.push(bytes.slice(from, places[index] ?? bytes.length));
          if (piece === undefined) continue;
          given += piece.length;
          out += decode(piece);
          expect(ends.has(given)).toBe(true);
        }
        // A CR at the very end may be half of a CRLF, so its event waits for the stream to end.
        const rest = framer.finish();
        expect(rest !== undefined).toBe(given < bytes.length);
        expect(out + decode(rest)).toBe(decode(bytes) + (rest === undefined ? "" : "\n\n"));
      }),
      { numRuns: 500 },
    );
  });

  test("holds half an event back until it is whole", () => {
    const framer = new EventFramer(100);
    expect(framer.push(encode("data: a\n\ndata: b"))).toEqual(encode("data: a\n\n"));
    expect(framer.push(encode("c\n"))).toBeUndefined();
    expect(decode(framer.push(encode("\n")))).toBe("data: bc\n\n");
    expect(framer.finish()).toBeUndefined();
  });

  test("gives the rest at the end, closed by a blank line", () => {
    const framer = new EventFramer(100);
    framer.push(encode("data: [DONE]\n"));
    expect(decode(framer.finish())).toBe("data: [DONE]\n\n\n");
    expect(framer.finish()).toBeUndefined();
  });

  test("puts a large event of many small pieces together", () => {
    const piece = new Uint8Array(1_000).fill(0x61);
    const framer = new EventFramer(1_000_000);
    for (let index = 0; index < 500; index++) expect(framer.push(piece)).toBeUndefined();
    expect(framer.push(encode("\n\n"))?.byteLength).toBe(500_002);
  });

  test("gives up on an event without end", () => {
    const framer = new EventFramer(10);
    expect(() => framer.push(encode("data: 12345"))).toThrow(ApiError);
  });
});
