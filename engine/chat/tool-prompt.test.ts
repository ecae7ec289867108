import { expect, test } from "bun:test";
import type { ChatMessage } from "./chat-message.ts";
import type { Tool } from "./tool.ts";
import { messagesForTemplate, messagesInWords, templateTool } from "./tool-prompt.ts";

const call = { id: "call_1", name: "f", input: '{"a":1}', kind: "function" } as const;
const conversation: ChatMessage[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Do it." },
  { role: "assistant", content: "", calls: [call, { id: "call_2", name: "c", input: "x < y", kind: "custom" }] },
  { role: "tool", content: "done", call },
];
const tools: Tool[] = [
  { kind: "function", name: "f", description: "Does it", parameters: { type: "object" }, isStrict: false, param: "" },
  { kind: "custom", name: "c", description: undefined, format: { kind: "regex", definition: "[xy<]+" }, param: "" },
];

test("a template that knows tools gets calls with their arguments as values, and what came of them", () => {
  const [, , assistant, tool] = messagesForTemplate(conversation, false);
  expect(assistant?.tool_calls).toEqual([
    { id: "call_1", type: "function", function: { name: "f", arguments: { a: 1 } } },
    { id: "call_2", type: "function", function: { name: "c", arguments: { input: "x < y" } } },
  ]);
  expect(tool).toEqual({ role: "tool", content: "done", name: "f", tool_call_id: "call_1" });
});

test("a template that takes one call in a message gets each with what came of it, behind the words before them", () => {
  const [first, second] = conversation[2]?.role === "assistant" ? conversation[2].calls : [];
  if (first === undefined || second === undefined) throw new Error("the conversation has two calls");
  const messages = messagesForTemplate(
    [
      { role: "user", content: "Do it." },
      { role: "assistant", content: "So:", calls: [first, second] },
      { role: "tool", content: "two", call: second },
      { role: "tool", content: "one", call: first },
      { role: "user", content: "And?" },
      { role: "assistant", content: "", calls: [first] },
      { role: "tool", content: "again", call: first },
    ],
    true,
  );
  const told = messages.map(({ role, content, ...rest }) => `${role} ${"tool_calls" in rest ? "calls" : content}`);
  expect(told).toEqual([
    "user Do it.",
    "assistant So:",
    "assistant calls",
    "tool one",
    "assistant calls",
    "tool two",
    "user And?",
    "assistant calls",
    "tool again",
  ]);
  const names = messages.flatMap((message) => JSON.stringify(message).match(/"name":"[fc]"/g) ?? []);
  expect(names.slice(0, 4)).toEqual(['"name":"f"', '"name":"f"', '"name":"c"', '"name":"c"']);
});

test("a tool without a description is told without one", () => {
  const tool = { kind: "function", name: "f", description: undefined, parameters: undefined } as const;
  expect(Object.keys((templateTool({ ...tool, isStrict: false, param: "" }) as { function: object }).function)).toEqual(
    ["name", "parameters"],
  );
});

test("arguments that are no JSON stay a text", () => {
  const [message] = messagesForTemplate([{ role: "assistant", content: "", calls: [{ ...call, input: "{" }] }], false);
  expect(message?.tool_calls).toMatchObject([{ function: { arguments: "{" } }]);
});

test("a template that knows no tools gets them in words, with calls written as the model writes them", () => {
  const [system, user, assistant, tool, ...others] = messagesInWords(conversation, tools);
  expect(system?.content).toStartWith("Be brief.\n\n# Tools\n");
  expect(system?.content).toContain('"name":"f"');
  expect(system?.content).toContain('write {\\"name\\": \\"c\\"}');
  expect(system?.content).toContain("[xy<]+");
  expect(user).toEqual({ role: "user", content: "Do it." });
  expect(assistant?.content).toBe(
    '<tool_call>\n{"name": "f", "arguments": {"a":1}}\n</tool_call>\n<tool_call>\n{"name": "c"}\nx < y\n</tool_call>',
  );
  expect(tool).toEqual({ role: "user", content: "<tool_response>\ndone\n</tool_response>" });
  expect(others).toEqual([]);
});

test("without tools nothing is told of them", () => {
  expect(messagesInWords([{ role: "user", content: "Hi" }], [])).toEqual([{ role: "user", content: "Hi" }]);
});
