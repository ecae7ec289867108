/** `functions` and `function_call`, the predecessors of tools, where the model's server knows tools alone. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { ModelPart } from "../../ports/language-model.ts";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { speakResponses } from "../../testing/spoken-response.ts";
import { readChatStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["responses"], "native") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
type Chunk = {
  choices: { delta: { content?: string; function_call?: Json; tool_calls?: unknown }; finish_reason: string | null }[];
};

const path = "/v1/chat/completions";
const usage = { inputTokens: 7, cachedInputTokens: 0, outputTokens: 4, reasoningTokens: 0 };
const stop: ModelPart = { type: "finish", reason: "stop", usage };
const calling: ModelPart[] = [
  { type: "function-call-start", index: 0, name: "weather", callId: "call_1" },
  { type: "call-delta", index: 0, text: '{"city":', tokens: 1 },
  { type: "call-delta", index: 0, text: '"Paris"}', tokens: 1 },
  { type: "call-end", index: 0 },
  { type: "finish", reason: "tool_calls", usage },
];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const functions = [{ name: "weather", description: "Tells it", parameters }];
const user = { role: "user", content: "How is it in Paris?" };
const ask = { model: "native", messages: [user], functions };
const call = { name: "weather", arguments: '{"city":"Paris"}' };

beforeEach(() => {
  provider.calls.length = 0;
  provider.answer(speakResponses(...calling));
});
const told = () => provider.calls.at(-1)?.body as Json & { input: Json[] };
const create = async (extra: object = {}) => {
  const response = await server.post(path, { ...ask, ...extra });
  expect(response.status).toBe(200);
  return (await response.json()) as { id: string; choices: [Json] };
};

describe("a request with functions", () => {
  test.each([
    [undefined, undefined],
    ["auto", "auto"],
    ["none", "none"],
    [{ name: "weather" }, { type: "function", name: "weather" }],
  ])("and function_call %j is asked with tools, one of which may be called", async (function_call, tool_choice) => {
    await create({ function_call });
    expect(told().tools).toEqual([{ type: "function", ...functions[0], strict: false }]);
    expect(told().tool_choice).toEqual(tool_choice);
    expect(told().parallel_tool_calls).toBe(false);
  });

  test("is answered with a function's call", async () => {
    expect((await create()).choices).toEqual([
      {
        index: 0,
        message: expect.objectContaining({ role: "assistant", content: null, function_call: call }),
        logprobs: null,
        finish_reason: "function_call",
      },
    ]);
    expect(JSON.stringify(await create())).not.toContain("tool_call");
  });

  test("is answered with a function's call in a stream, piece by piece", async () => {
    const response = await server.post(path, { ...ask, stream: true });
    const text = await response.clone().text();
    expect(text).not.toContain("tool_call");
    const chunks = (await readChatStream(response)) as Chunk[];
    const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.function_call ?? []) as Json[];
    expect(pieces[0]).toMatchObject({ name: "weather" });
    expect(pieces.map(({ arguments: piece }) => piece).join("")).toBe(call.arguments);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("function_call");
  });

  test("is answered in words as any other", async () => {
    provider.answer(speakResponses({ type: "text-delta", text: 'Say "tool_calls".', tokens: 1 }, stop));
    expect((await create()).choices[0]).toMatchObject({
      message: { content: 'Say "tool_calls".' },
      finish_reason: "stop",
    });
    const chunks = (await readChatStream(await server.post(path, { ...ask, stream: true }))) as Chunk[];
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe('Say "tool_calls".');
  });

  test("is stored as it was asked and answered", async () => {
    for (const stream of [false, true]) {
      const response = await server.post(path, { ...ask, store: true, stream });
      const id = /"id":"(chatcmpl-[0-9a-f]+)"/.exec(await response.text())?.[1];
      const kept = await (await server.get(`${path}/${id}`)).json();
      expect(kept).toMatchObject({
        choices: [{ message: { function_call: call }, finish_reason: "function_call" }],
      });
    }
  });

  test("tells what came of an earlier call", async () => {
    const messages = [
      user,
      { role: "assistant", content: null, function_call: call },
      { role: "function", name: "weather", content: "Rain" },
    ];
    await create({ messages });
    const [, called, output] = told().input;
    expect(called).toMatchObject({ type: "function_call", ...call });
    expect(output).toEqual({ type: "function_call_output", call_id: called?.call_id, output: "Rain" });
    await create({ messages, functions: undefined });
    expect(told().tools).toBeUndefined();
  });
});

describe("functions that don't fit together are refused in their own words", () => {
  const tools = [{ type: "function", function: { name: "f" } }];
  const made = { role: "assistant", content: null, function_call: call };
  const came = { role: "function", name: "weather", content: "Rain" };
  test.each([
    ["beside tools", { tools }, "mutually_exclusive_parameters", "functions"],
    ["a choice of an unknown one", { function_call: { name: "f" } }, "invalid_value", "function_call"],
    ["a choice without any", { functions: undefined, function_call: { name: "f" } }, "invalid_value", "function_call"],
    ["a call that nothing came of", { messages: [user, made, user] }, "invalid_value", "messages[1].function_call"],
    ["an outcome without its call", { messages: [user, came] }, "invalid_value", "messages[1].name"],
    [
      "an outcome of another call",
      { messages: [user, made, { ...came, name: "f" }] },
      "invalid_value",
      "messages[2].name",
    ],
    ["none", { functions: [] }, "empty_array", "functions"],
  ])("%s", async (_, extra, code, param) => {
    const response = await server.post(path, { ...ask, ...extra });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: Json }).error).toMatchObject({ code, param });
    expect(provider.calls).toHaveLength(0);
  });

  test("what the model's server says of its tools", async () => {
    provider.answer((_, response) => {
      const error = {
        message: "Bad 'tools[0].function.name'.",
        param: "tools[0].function.name",
        code: "invalid_value",
      };
      response.writeHead(400).end(JSON.stringify({ error: { ...error, type: "invalid_request_error" } }));
    });
    const response = await server.post(path, ask);
    expect(await response.json()).toMatchObject({
      error: { message: "Bad 'functions[0].name'.", param: "functions[0].name", code: "invalid_value" },
    });
  });
});
