import { expect, test } from "bun:test";
import { leaveOutUsageChunk } from "./usage-chunk.ts";

const content = 'data: {"choices":[{"delta":{"content":"\\"choices\\":[]"}}],"usage":null}\n\n';
const usage = 'data: {"choices": [],"usage": {"prompt_tokens":1,"completion_tokens":2}}\n\n';
const filters = 'data: {"choices":[],"prompt_filter_results":[]}\n\n';
const done = "data: [DONE]\n\n";

const textOf = (piece: Uint8Array | string | undefined): string | undefined =>
  piece instanceof Uint8Array ? new TextDecoder().decode(piece) : piece;

for (const [name, piece, left] of [
  ["first", usage + content + done, content + done],
  ["in the middle", content + usage + done, content + done],
  ["last", content + content + usage, content + content],
  ["several times", usage + content + usage + usage + done, content + done],
  ["behind other events without choices", filters + content + usage + done, filters + content + done],
  ["with lines that end by CR LF", (content + usage + done).replaceAll("\n", "\r\n"), content + done],
] as const) {
  test(`only the usage chunk is left out where it stands ${name}`, () => {
    expect(textOf(leaveOutUsageChunk(piece))).toBe(left);
    expect(textOf(leaveOutUsageChunk(new TextEncoder().encode(piece)))).toBe(left);
  });
}

test("nothing is left of a piece that is the usage chunk alone", () => {
  expect(leaveOutUsageChunk(usage)).toBeUndefined();
});

test("pieces without it pass as they are", () => {
  for (const piece of [content, filters, done]) {
    const bytes = new TextEncoder().encode(piece);
    expect(leaveOutUsageChunk(bytes)).toBe(bytes);
  }
});
