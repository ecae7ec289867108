import { describe, expect, test } from "bun:test";
import { wrongBytes } from "./fixtures/wrong-bytes.ts";
import { parseSse } from "./parse-sse.ts";
import { doneMarker } from "./rules.ts";

test("named events are read with their names and data, comments are passed over", () => {
  const bytes = new TextEncoder().encode(
    ': keep-alive\n\nevent: a\ndata: {"x":"ü 😀"}\n\n: more\nevent: b\ndata: {}\n\n',
  );
  expect(parseSse(bytes, "named-events")).toMatchObject({
    events: [
      { event: "a", data: { x: "ü 😀" } },
      { event: "b", data: {} },
    ],
    findings: [],
  });
});

test("data lines are read up to [DONE]", () => {
  expect(parseSse('data: {"x":1}\n\ndata: [DONE]\n\n', "data-lines")).toMatchObject({
    events: [{ data: { x: 1 } }, { data: doneMarker }],
    findings: [],
  });
});

describe("bytes with one fault are refused by the rule of that fault, and by no other", () => {
  test.each(wrongBytes.map((wrong) => [wrong.name, wrong] as const))("%s", (_name, { bytes, framing, breaks }) => {
    expect([...new Set(parseSse(bytes, framing).findings.map((finding) => finding.rule))]).toEqual([breaks]);
  });
});
