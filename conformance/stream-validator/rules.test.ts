import { expect, test } from "bun:test";
import { wrongBytes } from "./fixtures/wrong-bytes.ts";
import { wrongChatStreams } from "./fixtures/wrong-chat-streams.ts";
import { wrongStreams } from "./fixtures/wrong-streams.ts";
import { rules } from "./rules.ts";

test("every rule has a wrong stream that breaks it and no other", () => {
  const proven = new Set<string>();
  for (const { breaks } of [...wrongStreams, ...wrongChatStreams]) if (breaks.length === 1) proven.add(breaks[0]);
  for (const { breaks } of wrongBytes) proven.add(breaks);
  const unproven = Object.keys(rules).filter((rule) => !proven.has(rule));
  expect(unproven).toEqual([]);
});
