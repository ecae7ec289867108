import { describe, expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import { SseUsageScanner } from "./sse-usage-scanner.ts";
import { readNaively } from "./testing/naive-sse-reader.ts";

function scan(chunks: Iterable<Uint8Array>) {
  let firstContents = 0;
  const scanner = new SseUsageScanner({ onFirstContent: () => (firstContents += 1) });
  let counted = 0;
  for (const chunk of chunks) counted += scanner.push(chunk);
  counted += scanner.finish();
  expect(counted).toBe(scanner.contentEvents);
  expect(firstContents).toBe(counted > 0 ? 1 : 0);
  return { contentEvents: counted, usage: scanner.usage, terminalStatus: scanner.terminalStatus };
}

const count = fc.nat({ max: 1_000_000 });
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom(
    "",
    "usage",
    '"usage":',
    '"usage":{',
    "delta",
    '{"delta":"x"}',
    "response.completed",
    "[DONE]",
    "\n\n",
    "data: x",
    "日本語",
    "🙂",
    "\\",
    '\\"',
    "a\r\nb",
  ),
);
const chatUsage = fc.record({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: fc.option(fc.record({ cached_tokens: count })),
});
const delta = fc.oneof(
  fc.record({ content: text }),
  fc.record({ role: fc.constant("assistant"), content: fc.option(text), refusal: fc.constant(null) }),
  fc.record({ reasoning_content: text, content: fc.constant(null) }),
  fc.record({ role: text }),
  fc.record({
    tool_calls: fc.array(fc.record({ index: fc.nat(3), function: fc.record({ arguments: text }) }), { maxLength: 2 }),
  }),
  fc.constant({}),
);
const chatChunk = fc.record(
  {
    id: text,
    choices: fc.array(fc.record({ index: fc.nat(2), delta, logprobs: fc.constant(null) }), { maxLength: 2 }),
    usage: fc.option(chatUsage),
  },
  { requiredKeys: ["choices"] },
);
const responseUsage = fc.record({
  input_tokens: count,
  output_tokens: count,
  output_tokens_details: fc.record({ reasoning_tokens: count }),
});
const responseEvent = fc.oneof(
  fc.record({ type: fc.constant("response.output_text.delta"), item_id: text, delta: text }),
  fc.record({
    type: fc.constant("response.created"),
    response: fc.record({ usage: fc.constant(null), output: fc.array(text) }),
  }),
  fc.record({
    response: fc.record({ output: fc.array(text), usage: responseUsage }),
    type: fc.constantFrom("response.completed", "response.incomplete"),
  }),
  fc.record({ type: fc.constant("response.failed"), response: fc.record({ usage: fc.constant(null) }) }),
);
const data = fc.oneof(
  fc
    .tuple(fc.oneof(chatChunk, responseEvent), fc.constantFrom(0, 0, 0, 1, 2))
    .map(([value, indent]) => JSON.stringify(value, undefined, indent)),
  fc.constantFrom(
    "[DONE]",
    "",
    "{broken",
    "null",
    "7",
    '{ "usage" : { "prompt_tokens" : 1 , "completion_tokens" : 2 } }',
    '{"usage":{"prompt_tokens":-1,"completion_tokens":2}}',
  ),
);
/** Wire text of an event, in any of the ways that the standard allows. */
const event = fc
  .record({
    data,
    lineEnd: fc.constantFrom("\n", "\n", "\r\n"),
    space: fc.constantFrom(" ", " ", ""),
    before: fc.constantFrom(
      "",
      "",
      ": ping",
      "event: response.output_text.delta",
      "id: 3",
      "retry: 10",
      "dat: 1",
      "datax: 1",
      "data",
    ),
    blankLines: fc.constantFrom(1, 1, 2),
  })
  .map(({ data, lineEnd, space, before, blankLines }) => {
    const lines = data.split("\n").map((line) => `data:${space}${line}${lineEnd}`);
    return (before === "" ? "" : before + lineEnd) + lines.join("") + lineEnd.repeat(blankLines);
  });
const stream = fc
  .tuple(fc.array(event, { maxLength: 8 }), fc.constantFrom("", "", "data: [DONE]", ": end", "data: {", "data"))
  .map(([events, rest]) => events.join("") + rest);

function isTerminal(type: string): boolean {
  return /completed|incomplete|failed/.test(type);
}

describe("the scanner finds what parsing every event finds", () => {
  test("cut at every byte", () => {
    fc.assert(
      fc.property(stream, (text) => {
        const bytes = Buffer.from(text);
        const expected = readNaively(text);
        expect(scan([bytes])).toEqual(expected);
        for (let at = 0; at <= bytes.length; at++)
          expect(scan([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test("in pieces of any size", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (text, sizes) => {
        const bytes = Buffer.from(text);
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(Uint8Array.from(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(scan(pieces)).toEqual(readNaively(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe("what a stream tells", () => {
  test("the last of continuous usage counts, and a chunk without choices can carry it", () => {
    const events = [1, 2, 3].map(
      (tokens) => `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":${tokens}}}\n\n`,
    );
    expect(scan([Buffer.from(`${events.join("")}data: [DONE]\n\n`)])).toEqual({
      contentEvents: 0,
      usage: { inputTokens: 5, cachedInputTokens: 0, outputTokens: 3, reasoningTokens: 0 },
      terminalStatus: "completed",
    });
  });

  test("a usage of zero is a usage", () => {
    expect(
      scan([Buffer.from('data: {"usage":{"prompt_tokens":0,"completion_tokens":0}}\n\n')]).usage?.outputTokens,
    ).toBe(0);
  });

  test("what was pushed may be overwritten afterwards", () => {
    const scanner = new SseUsageScanner();
    const bytes = Buffer.from('data: {"choices":[{"delta":{"content":"hel');
    scanner.push(bytes);
    bytes.fill(10);
    expect(scanner.push(Buffer.from('lo"}}]}\n\n'))).toBe(1);
  });

  test("an event that is no JSON object before the end is noticed, wherever its bytes are cut", () => {
    const value = fc.oneof(chatChunk, responseEvent).filter((one) => !("type" in one && isTerminal(one.type)));
    const broken = fc.constantFrom("{broken", "oops", "7", "null", "[]", '{"a":', "}{", "");
    fc.assert(
      fc.property(value, broken, fc.nat(), (whole, rest, cut) => {
        // Without data there is no event.
        const isBroken = rest !== "";
        const events = [JSON.stringify(whole), "", rest, "[DONE]", "bye"];
        const bytes = Buffer.from(events.map((one) => `data: ${one}\n\n`).join(""));
        const scanner = new SseUsageScanner();
        scanner.push(bytes.subarray(0, cut % bytes.length));
        scanner.push(bytes.subarray(cut % bytes.length));
        expect(scanner.isBroken).toBe(isBroken);
      }),
    );
  });

  test.each(["data: ", "data: x\ndata: ", ": "])("an event %p that never ends is the upstream's failure", (start) => {
    const scanner = new SseUsageScanner({ eventBytesMax: 100_000 });
    scanner.push(Buffer.from(start));
    const push = () => {
      for (let piece = 0; piece < 200; piece++) scanner.push(Buffer.alloc(1000, "x"));
    };
    expect(push).toThrow(ApiError);
    expect(push).toThrow("too large");
  });

  test("many large events one after the other are none too large", () => {
    const scanner = new SseUsageScanner({ eventBytesMax: 10_000 });
    for (let event = 0; event < 50; event++) {
      for (const piece of ["data: ", "x".repeat(9_000), "\n", "\n"]) scanner.push(Buffer.from(piece));
    }
    expect(scanner.contentEvents).toBe(0);
  });
});
