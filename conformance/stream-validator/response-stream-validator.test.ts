import { describe, expect, test } from "bun:test";
import { goodStreams, stream } from "./fixtures/good-streams.ts";
import { wrongStreams } from "./fixtures/wrong-streams.ts";
import { ResponseStreamValidator, validateResponseStream } from "./response-stream-validator.ts";

describe("a stream that keeps the rules passes", () => {
  test.each(Object.entries(goodStreams))("%s", (_name, events) => {
    expect(validateResponseStream(stream(events))).toEqual([]);
  });
});

describe("a stream with one fault is refused by the rule of that fault, and by no other", () => {
  test.each(wrongStreams.map((wrong) => [wrong.name, wrong] as const))("%s", (_name, { events, breaks }) => {
    const broken = new Set(validateResponseStream(events).map((finding) => finding.rule));
    expect([...broken].sort()).toEqual([...breaks].sort());
  });
});

test("no two wrong streams have the same name", () => {
  expect(new Set(wrongStreams.map((wrong) => wrong.name)).size).toBe(wrongStreams.length);
});

test("a missing end is told at the end, and once", () => {
  const validator = new ResponseStreamValidator();
  expect(validator.end().map((finding) => finding.rule)).toEqual(["terminal.present"]);
  expect(validator.end()).toHaveLength(1);
});

test("padding is demanded and forbidden as the request says", () => {
  const rulesOf = (obfuscation: boolean, name: "message" | "refusal") =>
    validateResponseStream(stream(goodStreams[name] ?? []), { obfuscation }).map((finding) => finding.rule);
  expect(rulesOf(true, "message")).toEqual([]);
  expect(rulesOf(false, "refusal")).toEqual([]);
  expect(rulesOf(false, "message")).toEqual(["event.obfuscation", "event.obfuscation"]);
  expect(rulesOf(true, "refusal")).toEqual(["event.obfuscation", "event.obfuscation"]);
});

test("reasoning may be sealed anew in the final response, but not lose its seal", () => {
  const sealed = structuredClone(goodStreams.reasoning ?? []);
  const items = sealed.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
  const finalItems = structuredClone(items);
  Object.assign(items[0] ?? {}, { encrypted_content: "one" });
  Object.assign(sealed.at(-1)?.response ?? {}, { output: finalItems });
  expect(validateResponseStream(stream(sealed)).map((finding) => finding.rule)).toEqual(["response.output"]);
  Object.assign(finalItems[0] ?? {}, { encrypted_content: "two" });
  expect(validateResponseStream(stream(sealed))).toEqual([]);
});
