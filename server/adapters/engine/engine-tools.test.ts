import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { type Chunk, contentOf, EngineClient, refused } from "./engine-client.ts";

let engine: EngineClient;
beforeAll(async () => {
  engine = await EngineClient.start("org_tools");
}, 300_000);
afterAll(() => engine[Symbol.asyncDispose]());

type Message = ChatCompletion["choices"][number]["message"];
type Call = NonNullable<Message["tool_calls"]>[number];

const question = [{ role: "user", content: "What is the weather in Paris?" }];
const object = (properties: object) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const place = object({ city: { type: "string", maxLength: 20 }, unit: { type: "string", enum: ["c", "f"] } });
const weather = { type: "function", function: { name: "get_weather", strict: true, parameters: place } };
const loose = { type: "function", function: { name: "note", parameters: { properties: { n: { type: "integer" } } } } };
const bare = { type: "function", function: { name: "ring", description: "Rings the bell" } };
const code = {
  type: "custom",
  custom: { name: "code", format: { type: "grammar", grammar: { syntax: "regex", definition: "[A-Z]{3}-[0-9]{4}" } } },
};
const grammar = { syntax: "lark", definition: 'start: NUMBER "+" NUMBER\nNUMBER: /[0-9]{1,3}/' };
const sum = { type: "custom", custom: { name: "sum", format: { type: "grammar", grammar } } };
const words = { type: "custom", custom: { name: "words" } };
const tools = [weather, loose, bare, code, sum, words];
const named = ({ type, ...tool }: Record<string, unknown>) => ({
  type,
  [type as string]: { name: (tool[type as string] as { name: string }).name },
});
const asked = { messages: question, temperature: 0, max_tokens: 120, tools, parallel_tool_calls: false };

const inputOf = (call: Call): string => (call.type === "function" ? call.function.arguments : call.custom.input);

/** The calls that a stream tells, put together as a client does. */
function callsOf(chunks: readonly Chunk[]): { id?: string; type?: string; name?: string; input: string }[] {
  const calls: { id?: string; type?: string; name?: string; input: string }[] = [];
  for (const piece of chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])) {
    const { index, id, type, function: called, custom } = piece;
    const name = called?.name ?? custom?.name;
    const call = calls[index] ?? { input: "" };
    calls[index] = call;
    if (id !== undefined) Object.assign(call, { id, type, name });
    call.input += called?.arguments ?? custom?.input ?? "";
  }
  return calls;
}

describe("a forced call", () => {
  test("of a strict function matches its schema and ends with `stop`", async () => {
    const [{ message, finish_reason: reason }] = (await engine.complete({ ...asked, tool_choice: named(weather) }))
      .choices;
    const [call, ...others] = message.tool_calls ?? [];
    expect([message.content, others, reason]).toEqual([null, [], "stop"]);
    if (call?.type !== "function") throw new Error("no function was called");
    expect(call.id).toStartWith("call_");
    expect(call.function.name).toBe("get_weather");
    const { city, unit } = JSON.parse(call.function.arguments) as { city: unknown; unit: unknown };
    expect([typeof city, ["c", "f"].includes(String(unit))]).toEqual(["string", true]);
  }, 60_000);

  test("of a function without a strict schema is JSON, and `{}` where it takes nothing", async () => {
    const input = async (tool: Record<string, unknown>) =>
      inputOf(
        (await engine.complete({ ...asked, tool_choice: named(tool) })).choices[0].message.tool_calls?.[0] as Call,
      );
    expect(() => JSON.parse("not JSON")).toThrow();
    expect(typeof JSON.parse(await input(loose))).toBe("object");
    expect(await input(bare)).toBe("{}");
  }, 60_000);

  test("of a custom tool has an input of its grammar", async () => {
    const call = async (tool: Record<string, unknown>) =>
      (await engine.complete({ ...asked, tool_choice: named(tool) })).choices[0].message.tool_calls?.[0];
    const coded = await call(code);
    expect(coded).toMatchObject({ type: "custom", custom: { name: "code" } });
    expect(inputOf(coded as Call)).toMatch(/^[A-Z]{3}-[0-9]{4}$/);
    expect(inputOf((await call(sum)) as Call)).toMatch(/^[0-9]{1,3}\+[0-9]{1,3}$/);
  }, 60_000);

  test("streamed is the same: first its id, type and name, then its arguments", async () => {
    for (const tool of [weather, code]) {
      const body = { ...asked, tool_choice: named(tool) };
      const whole = (await engine.complete(body)).choices[0];
      const chunks = await engine.stream(body);
      const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
      expect(pieces.map(({ id }) => typeof id)).toEqual(pieces.map((_, at) => (at === 0 ? "string" : "undefined")));
      const [call] = whole.message.tool_calls ?? [];
      const name = tool.type === "function" ? "get_weather" : "code";
      expect(callsOf(chunks)).toMatchObject([{ type: tool.type, name, input: inputOf(call as Call) }]);
      expect(contentOf(chunks)).toBe("");
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    }
  }, 60_000);

  test("that is cut ends with `length`", async () => {
    const body = { ...asked, tool_choice: named(weather), max_tokens: 12 };
    expect((await engine.complete(body)).choices[0].finish_reason).toBe("length");
  }, 60_000);
});

test("`required` calls what it may and ends with `tool_calls`", async () => {
  const allowed = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [named(bare)] } };
  const [{ message, finish_reason: reason }] = (await engine.complete({ ...asked, tool_choice: allowed })).choices;
  expect(message.tool_calls).toMatchObject([{ function: { name: "ring", arguments: "{}" } }]);
  expect(reason).toBe("tool_calls");
  const one = (await engine.complete({ ...asked, tools: [bare], tool_choice: "required" })).choices[0];
  expect(one.message.tool_calls?.length).toBe(1);
}, 60_000);

test("`parallel_tool_calls` lets an answer hold several calls", async () => {
  const body = {
    ...asked,
    tools: [bare],
    tool_choice: "required",
    parallel_tool_calls: true,
    seed: 1,
    max_tokens: 100,
  };
  const chunks = await engine.stream({ ...body, temperature: 1.5 });
  const calls = callsOf(chunks);
  expect(calls.every(({ name, input }) => name === "ring" && ["{}", "{", ""].includes(input))).toBe(true);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
}, 60_000);

test("`auto` answers in words or calls, and never shows a call's syntax as words", async () => {
  for (const seed of [1, 2]) {
    const body = { ...asked, temperature: 1.2, seed, max_tokens: 40 };
    const [{ message }] = (await engine.complete(body)).choices;
    expect(message.content ?? "").not.toContain("<tool_call>");
    expect(contentOf(await engine.stream(body))).toBe(message.content ?? "");
  }
}, 120_000);

test("`none` calls nothing and is asked as without tools", async () => {
  const without = await engine.complete({ messages: question, temperature: 0 });
  const none = await engine.complete({ messages: question, temperature: 0, tools, tool_choice: "none" });
  expect(none.choices[0]).toEqual(without.choices[0]);
  expect(none.usage.prompt_tokens).toBe(without.usage.prompt_tokens);
}, 60_000);

test("a conversation goes on after its calls were answered", async () => {
  const called = {
    id: "call_1",
    type: "function",
    function: { name: "get_weather", arguments: '{"city":"Paris","unit":"c"}' },
  };
  const messages = [
    ...question,
    { role: "assistant", content: null, tool_calls: [called] },
    { role: "tool", tool_call_id: "call_1", content: "18 degrees" },
  ];
  const answered = await engine.complete({ messages, tools, temperature: 0 });
  expect(answered.usage.prompt_tokens).toBeGreaterThan(
    (await engine.complete({ messages: question, tools })).usage.prompt_tokens,
  );
  const unanswered = await refused(engine.complete({ messages: messages.slice(0, 2), tools }));
  expect([unanswered.code, unanswered.param]).toEqual(["invalid_value", "messages"]);
  expect(unanswered.message).toContain("call_1");
}, 60_000);

describe("structured output", () => {
  const schema = (json: object, strict = true) => ({
    response_format: { type: "json_schema", json_schema: { name: "answer", strict, schema: json } },
  });

  test("is a whole object of the schema where the answer ends with `stop`", async () => {
    const list = object({ places: { type: "array", items: place, minItems: 1, maxItems: 2 } });
    const body = { messages: question, max_tokens: 200, temperature: 1, seed: 4, ...schema(list) };
    const [{ message, finish_reason: reason }] = (await engine.complete(body)).choices;
    expect(reason).toBe("stop");
    const { places } = JSON.parse(message.content ?? "") as { places: { city: string; unit: string }[] };
    expect(places.every(({ city, unit }) => typeof city === "string" && /^[cf]$/.test(unit))).toBe(true);
    expect(contentOf(await engine.stream(body))).toBe(message.content ?? "");
  }, 60_000);

  test("by json_object is any object", async () => {
    for (const seed of [1, 2, 3]) {
      const body = { temperature: 1, seed, max_tokens: 60, response_format: { type: "json_object" } };
      const [{ message, finish_reason: reason }] = (await engine.complete(body)).choices;
      if (reason === "stop") expect(JSON.parse(message.content ?? "")).toBeObject();
      else expect(() => JSON.parse(message.content ?? "")).toThrow();
    }
  }, 120_000);

  test("that is cut ends with `length`", async () => {
    const [{ message, finish_reason: reason }] = (await engine.complete({ ...schema(place), max_tokens: 3 })).choices;
    expect(reason).toBe("length");
    expect(() => JSON.parse(message.content ?? "")).toThrow();
  }, 60_000);

  test("leaves the call of a tool possible", async () => {
    const body = { ...asked, ...schema(place), tool_choice: named(bare) };
    expect((await engine.complete(body)).choices[0].message.tool_calls?.length).toBe(1);
    const auto = (await engine.complete({ ...asked, ...schema(place), tools: [bare] })).choices[0].message;
    if (auto.tool_calls === undefined) expect(JSON.parse(auto.content ?? "")).toContainKeys(["city", "unit"]);
    else expect(auto.content).toBeNull();
  }, 60_000);
});

describe("what is wrong is refused by name", () => {
  const ring = (name: unknown, extra: object = {}) => ({ type: "function", function: { name, ...extra } });
  const many = Array.from({ length: 129 }, (_, index) => ring(`tool_${index}`));
  const unknownTool = { type: "function", function: { name: "nobody" } };
  const orphan = [...question, { role: "tool", tool_call_id: "call_9", content: "1" }];
  const mystery = { type: "object", properties: { a: { $ref: "https://example.com/schema" } } };
  test.each([
    ["129 tools", { tools: many }, "invalid_value", "tools"],
    ["two tools of one name", { tools: [bare, bare] }, "invalid_value", "tools[1]"],
    ["a tool without a usable name", { tools: [ring("ding dong")] }, "invalid_value", "tools[0].function.name"],
    ["a choice of a tool that is not there", { tools, tool_choice: unknownTool }, "invalid_value", "tool_choice"],
    ["a choice without tools", { tool_choice: "required" }, "invalid_value", "tool_choice"],
    [
      "allowed tools that are not there",
      { tools, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [unknownTool] } } },
      "invalid_value",
      "tool_choice.allowed_tools.tools",
    ],
    ["a tool's message without its call", { messages: orphan }, "invalid_value", "messages[1].tool_call_id"],
    [
      "a schema that can't be followed",
      { tools: [ring("a", { strict: true, parameters: mystery })] },
      "invalid_json_schema",
      "tools[0].function.parameters",
    ],
    [
      "a format whose schema can't be followed",
      { response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema: mystery } } },
      "invalid_json_schema",
      "response_format",
    ],
    ["a format of another type", { response_format: { type: "yaml" } }, "invalid_value", "response_format.type"],
    [
      "a regex that is none",
      {
        tools: [
          {
            type: "custom",
            custom: { name: "a", format: { type: "grammar", grammar: { syntax: "regex", definition: "(" } } },
          },
        ],
      },
      "invalid_value",
      "tools[0].custom.format",
    ],
  ])("%s", async (_, body, code, param) => {
    const error = await refused(engine.complete(body));
    expect([error.code, error.param]).toEqual([code as typeof error.code, param]);
    expect(error.status).toBe(400);
  });
});
