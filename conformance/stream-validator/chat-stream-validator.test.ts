import { describe, expect, test } from "bun:test";
import { validateChatStream } from "./chat-stream-validator.ts";
import { goodChatStreams } from "./fixtures/chat-streams.ts";
import { wrongChatStreams } from "./fixtures/wrong-chat-streams.ts";

describe("a chat stream that keeps the rules passes", () => {
  test.each(Object.entries(goodChatStreams))("%s", (_name, { events, options }) => {
    expect(validateChatStream(events, options)).toEqual([]);
  });
});

describe("a chat stream with one fault is refused by the rule of that fault, and by no other", () => {
  test.each(wrongChatStreams.map((wrong) => [wrong.name, wrong] as const))("%s", (_name, wrong) => {
    const broken = new Set(validateChatStream(wrong.events, wrong.options).map((finding) => finding.rule));
    expect([...broken].sort()).toEqual([...wrong.breaks].sort());
  });
});
