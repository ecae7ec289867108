import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import {
  callChoice,
  chatChoiceFrames,
  chatFrames,
  sendEvents,
  startScriptedProvider,
} from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"], "chatty") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.calls.length = 0;
  say(chatFrames(["Done"]));
});

type Json = Record<string, unknown>;

const path = "/v1/responses";
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = {
  type: "function",
  name: "weather",
  description: "Says the weather.",
  parameters,
  strict: true,
} as const;
const clock = { type: "function", name: "clock" } as const;
const ask = { model: "chatty", input: "How is it in Paris and Rome?", tools: [weather, clock] };

function say(frames: readonly string[]): void {
  provider.answer((_, response) => sendEvents(response, frames));
}

const told = () => provider.calls.at(-1)?.body as Record<string, unknown> & { messages: Record<string, unknown>[] };

const lastResponse = (events: readonly Json[]) => events.at(-1)?.response as Json & { id: string; output: Json[] };

const twoCalls = chatChoiceFrames(
  [
    callChoice(0, "", { id: "call_a", name: "weather" }),
    callChoice(0, '{"city":"Par'),
    callChoice(1, "", { id: "call_b", name: "weather" }),
    callChoice(1, '{"city":'),
    callChoice(0, 'is"}'),
    callChoice(1, '"Rome"}'),
  ],
  { finish: "tool_calls" },
);

const create = async (extra: object = {}): Promise<Json & { id: string; output: Json[] }> => {
  const response = await server.post(path, { ...ask, ...extra });
  expect(response.status).toBe(200);
  return (await response.json()) as Json & { id: string; output: Json[] };
};

describe("a model with function tools", () => {
  test("is told of them in its own words", async () => {
    await create();
    expect(told().tools).toEqual([
      { type: "function", function: { name: "weather", description: "Says the weather.", parameters, strict: true } },
      { type: "function", function: { name: "clock" } },
    ]);
    expect(told()).not.toHaveProperty("tool_choice");
  });

  const named = (name: string) => ({ type: "function", function: { name } });
  test.each([
    ["none", "none", 2],
    ["auto", "auto", 2],
    ["required", "required", 2],
    [{ type: "function", name: "clock" }, named("clock"), 2],
    [{ type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "clock" }] }, "auto", 1],
    [{ type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "clock" }] }, "required", 1],
  ])("is bound by the tool_choice %j", async (tool_choice, chatChoice, toolCount) => {
    const made = await create({ tool_choice });
    expect(made.tool_choice).toEqual(tool_choice);
    expect(told().tool_choice).toEqual(chatChoice);
    expect(told().tools).toHaveLength(toolCount);
  });

  test("calls several at once: their pieces interleave upstream, and come out one call after the other", async () => {
    say(twoCalls);
    const response = await server.post(path, { ...ask, stream: true });
    const events = await readResponseStream(response);
    expect(events.map((event) => String(event.type).replace("response.", ""))).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]);
    const { output } = lastResponse(events);
    expect(output).toMatchObject([
      { type: "function_call", status: "completed", call_id: "call_a", name: "weather", arguments: '{"city":"Paris"}' },
      { type: "function_call", status: "completed", call_id: "call_b", name: "weather", arguments: '{"city":"Rome"}' },
    ]);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", output_tokens: 6 });
  });

  test("is understood by the official SDK's accumulator", async () => {
    say(twoCalls);
    const stream = server.client.responses.stream({ ...ask, tools: [weather] });
    const deltas: string[] = [];
    stream.on("response.function_call_arguments.delta", (event) => deltas.push(event.snapshot));
    const final = await stream.finalResponse();
    expect(final.output.map((item) => item.type === "function_call" && item.arguments)).toEqual([
      '{"city":"Paris"}',
      '{"city":"Rome"}',
    ]);
    expect(deltas.at(-1)).toBe('{"city":"Rome"}');
  });

  test("goes on in a chain: calls, their outputs and the words around them, but not the instructions", async () => {
    say(
      chatChoiceFrames(
        [{ delta: { content: "Let me look." } }, callChoice(0, '{"city":"Paris"}', { id: "call_a", name: "weather" })],
        { finish: "tool_calls" },
      ),
    );
    const first = await create({ instructions: "Be brief" });
    expect(first.output.map((item) => item.type)).toEqual(["message", "function_call"]);
    say(chatFrames(["Sunny."]));
    const output = (text: string) => ({
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: "call_a", output: text }],
    });
    const second = await create(output("sunny"));
    const before = [
      { role: "user", content: ask.input },
      {
        role: "assistant",
        content: "Let me look.",
        tool_calls: [{ id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } }],
      },
    ];
    expect(told().messages).toEqual([...before, { role: "tool", tool_call_id: "call_a", content: "sunny" }]);

    // A branch of the chain knows nothing of the other one.
    await create(output("rainy"));
    expect(told().messages).toEqual([...before, { role: "tool", tool_call_id: "call_a", content: "rainy" }]);
    await create({ previous_response_id: second.id, input: "Thanks" });
    expect(told().messages.map((message) => message.content)).toEqual([
      ask.input,
      "Let me look.",
      "sunny",
      "Sunny.",
      "Thanks",
    ]);
  });

  test("that reuses a call id of the chain gets a new one, so that every output has one call", async () => {
    say(chatChoiceFrames([callChoice(0, "{}", { id: "call_0", name: "clock" })], { finish: "tool_calls" }));
    const first = await create();
    const second = await create({
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: "call_0", output: "noon" }],
    });
    expect(second.output[0]?.call_id).toMatch(/^call_[0-9a-f]{50}$/);
  });

  test("makes one call at most where the caller asks so, whatever its server does", async () => {
    say(twoCalls);
    const made = await create({ parallel_tool_calls: false });
    expect(told().parallel_tool_calls).toBe(false);
    expect(made).toMatchObject({ parallel_tool_calls: false, output: [{ call_id: "call_a" }] });
    expect(made.output).toHaveLength(1);
  });

  test("whose call was cut short ends as incomplete, the call as well", async () => {
    say(chatChoiceFrames([callChoice(0, '{"ci', { id: "call_a", name: "weather" })], { finish: "length" }));
    const events = await readResponseStream(await server.post(path, { ...ask, stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { output: [{ type: "function_call", status: "incomplete", arguments: '{"ci' }] },
    });
  });
});

describe("servers that tell calls in other ways", () => {
  const whole = (call: object) => ({ delta: { tool_calls: [call] } });
  const f = (name: string, city: string) => ({ name, arguments: JSON.stringify({ city }) });
  test.each<[string, object[]]>([
    [
      "the same index for all",
      [
        whole({ index: 0, id: "a", type: "function", function: f("weather", "Paris") }),
        whole({ index: 0, id: "b", type: "function", function: f("weather", "Rome") }),
      ],
    ],
    [
      "no index and no id",
      [whole({ type: "function", function: f("weather", "Paris") }), whole({ function: f("weather", "Rome") })],
    ],
    [
      "all in one chunk",
      [
        {
          delta: {
            tool_calls: [
              { index: 0, id: "a", function: f("weather", "Paris") },
              { index: 1, id: "b", function: f("weather", "Rome") },
            ],
          },
        },
      ],
    ],
    [
      "the id again in each piece",
      [
        callChoice(0, '{"city":', { id: "a", name: "weather" }),
        whole({ index: 0, id: "a", function: { arguments: '"Paris"}' } }),
        callChoice(1, '{"city":"Rome"}', { id: "b", name: "weather" }),
      ],
    ],
    [
      "the name after the first piece",
      [
        whole({ index: 0, id: "a", function: { arguments: '{"city":' } }),
        whole({ index: 0, function: { name: "weather", arguments: '"Paris"}' } }),
        callChoice(1, '{"city":"Rome"}', { id: "b", name: "weather" }),
      ],
    ],
  ])("%s", async (_, choices) => {
    say(chatChoiceFrames(choices as Json[], { finish: "tool_calls" }));
    const events = await readResponseStream(await server.post(path, { ...ask, stream: true }));
    const { output } = lastResponse(events);
    expect(output.map((item) => [item.name, item.arguments])).toEqual([
      ["weather", '{"city":"Paris"}'],
      ["weather", '{"city":"Rome"}'],
    ]);
    expect(new Set(output.map((item) => item.call_id)).size).toBe(2);
  });

  test("text between the pieces of a call comes after it", async () => {
    say(
      chatChoiceFrames([
        callChoice(0, '{"city":', { id: "a", name: "weather" }),
        { delta: { content: "Looking." } },
        callChoice(0, '"Rome"}'),
      ]),
    );
    const made = await create();
    expect(made.output).toMatchObject([{ arguments: '{"city":"Rome"}' }, { content: [{ text: "Looking." }] }]);
  });

  test.each<[string, object[]]>([
    [
      "a call that goes on after its end",
      [
        callChoice(0, "{}", { id: "a", name: "clock" }),
        callChoice(1, "{}", { id: "b", name: "clock" }),
        callChoice(0, "more"),
      ],
    ],
    ["a call that never gets a name", [whole({ index: 0, id: "a", function: { arguments: "{}" } })]],
  ])("%s ends the stream in an error", async (_, choices) => {
    say(chatChoiceFrames(choices as Json[], { finish: "tool_calls" }));
    const events = await readResponseStream(await server.post(path, { ...ask, stream: true }));
    expect(events.slice(-2)).toMatchObject([
      { type: "error", error: { code: "upstream_failed" } },
      { type: "response.failed" },
    ]);
  });
});

describe("a model with custom tools", () => {
  const shell = { type: "custom", name: "shell", description: "Runs a line." } as const;
  const grammar = { type: "grammar", syntax: "lark", definition: "start: WORD" } as const;

  test("is told of them, their grammar and the choice of one", async () => {
    await create({
      tools: [
        shell,
        { type: "custom", name: "word", format: grammar },
        { type: "custom", name: "any", format: { type: "text" } },
      ],
      tool_choice: { type: "custom", name: "word" },
    });
    expect(told().tools).toEqual([
      { type: "custom", custom: { name: "shell", description: "Runs a line." } },
      {
        type: "custom",
        custom: { name: "word", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: WORD" } } },
      },
      { type: "custom", custom: { name: "any" } },
    ]);
    expect(told().tool_choice).toEqual({ type: "custom", custom: { name: "word" } });
  });

  test("streams its input, and goes on from the output", async () => {
    say(
      chatChoiceFrames(
        [
          callChoice(0, "ls", { id: "call_s", name: "shell", type: "custom" }),
          { delta: { tool_calls: [{ index: 0, custom: { input: " -l" } }] } },
        ],
        { finish: "tool_calls" },
      ),
    );
    const events = await readResponseStream(await server.post(path, { ...ask, tools: [shell], stream: true }));
    expect(events.filter((event) => String(event.type).startsWith("response.custom_tool_call_input"))).toMatchObject([
      { delta: "ls" },
      { delta: " -l" },
      { type: "response.custom_tool_call_input.done", input: "ls -l" },
    ]);
    const first = lastResponse(events);
    await create({
      tools: [shell],
      previous_response_id: first.id,
      input: [{ type: "custom_tool_call_output", call_id: "call_s", output: "a.txt" }],
    });
    expect(told().messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_s", type: "custom", custom: { name: "shell", input: "ls -l" } }],
      },
      { role: "tool", tool_call_id: "call_s", content: "a.txt" },
    ]);
  });
});

describe("calls that the caller kept itself", () => {
  const call = (call_id: string, extra: object = {}) => ({
    type: "function_call",
    call_id,
    name: "clock",
    arguments: "{}",
    ...extra,
  });
  const result = (call_id: string, output: unknown = "noon") => ({ type: "function_call_output", call_id, output });
  const user = { role: "user", content: "What time is it?" };

  const roles = () =>
    told().messages.map(({ role, tool_call_id, tool_calls }) =>
      [role, tool_call_id, ...((tool_calls ?? []) as { id: string }[]).map(({ id }) => id)].filter(Boolean).join(" "),
    );

  test("several calls in a row are one message, their outputs stand right behind it", async () => {
    await create({ input: [user, call("a"), call("b"), result("b"), user, result("a"), call("c"), result("c")] });
    expect(roles()).toEqual(["user", "assistant a b", "tool a", "tool b", "user", "assistant c", "tool c"]);
  });

  test("the SDK's whole output can be sent back", async () => {
    say(twoCalls);
    const first = await server.client.responses.create({ ...ask, tools: [weather], store: false });
    say(chatFrames(["Sunny"]));
    const outputs = first.output.flatMap((item) =>
      item.type === "function_call"
        ? [{ type: "function_call_output" as const, call_id: item.call_id, output: "sunny" }]
        : [],
    );
    await server.client.responses.create({
      ...ask,
      tools: [weather],
      store: false,
      input: [{ role: "user", content: ask.input }, ...(first.output as ResponseInputItem[]), ...outputs],
    });
    expect(roles()).toEqual(["user", "assistant call_a call_b", "tool call_a", "tool call_b"]);
  });

  test("an output of text parts is told as text", async () => {
    await create({
      input: [
        user,
        call("a"),
        result("a", [
          { type: "input_text", text: "no" },
          { type: "input_text", text: "on" },
        ]),
      ],
    });
    expect(told().messages.at(-1)).toEqual({ role: "tool", tool_call_id: "a", content: "noon" });
  });

  const deep = (levels: number): object => {
    let schema: object = {};
    for (let level = 0; level < levels; level++) schema = { properties: { x: schema } };
    return schema;
  };
  const tool = (extra: object) => ({ tools: [{ ...clock, ...extra }] });
  const image = { type: "input_image", image_url: "https://example.com/a.png" };
  test.each<[string, object, string, string | null]>([
    ["an output without its call", { input: [user, result("a")] }, "invalid_value", "input[1].call_id"],
    ["an output before its call", { input: [result("a"), call("a")] }, "invalid_value", "input[0].call_id"],
    ["a call without its output", { input: [call("a"), user] }, "invalid_value", "input[0]"],
    ["a doubled call id", { input: [call("a"), call("a"), result("a")] }, "invalid_value", "input[1].call_id"],
    [
      "a second output of a call",
      { input: [call("a"), result("a"), result("a")] },
      "invalid_value",
      "input[2].call_id",
    ],
    [
      "an output that names no call",
      { input: [{ type: "function_call_output", output: "x" }] },
      "missing_required_parameter",
      "input[0].call_id",
    ],
    [
      "a custom tool's output for a function's call",
      { input: [call("a"), { type: "custom_tool_call_output", call_id: "a", output: "x" }] },
      "invalid_value",
      "input[1].call_id",
    ],
    [
      "an image in an output",
      { input: [call("a"), result("a", [image])] },
      "unsupported_modality",
      "input[1].output[0]",
    ],
    [
      "an image in a developer's message",
      { input: [{ role: "developer", content: [image] }] },
      "unsupported_modality",
      "input[0].content[0]",
    ],
    [
      "a call of a namespace",
      { input: [call("a", { namespace: "n" }), result("a")] },
      "unsupported_parameter",
      "input[0].namespace",
    ],
    ["an item that no documents know", { input: [{ type: "telepathy_call", id: "x" }] }, "invalid_value", "input[0]"],
    [
      "an item that can't be told",
      { input: [{ type: "web_search_call", id: "ws_1" }] },
      "unsupported_parameter",
      "input[0]",
    ],
    ["two tools of one name", { tools: [clock, { type: "custom", name: "clock" }] }, "invalid_value", "tools[1].name"],
    [
      "129 tools",
      { tools: Array.from({ length: 129 }, (_, index) => ({ type: "function", name: `f${index}` })) },
      "array_above_max_length",
      "tools",
    ],
    ["a schema of 100 levels", tool({ parameters: deep(100) }), "invalid_json", null],
    [
      "a schema of 5 MB",
      tool({ parameters: { description: "x".repeat(5_000_000) } }),
      "invalid_function_parameters",
      "tools[0].parameters",
    ],
    [
      "a schema of 100,000 values",
      tool({ parameters: { enum: Array.from({ length: 100_000 }, () => 1) } }),
      "invalid_function_parameters",
      "tools[0].parameters",
    ],
    [
      "a format of 2 MB",
      { text: { format: { type: "json_schema", name: "x", schema: { [`${"x".repeat(2_000_000)}`]: 1 } } } },
      "invalid_json_schema",
      "text.format.schema",
    ],
    ["a hosted tool", { tools: [{ type: "web_search" }] }, "unsupported_parameter", "tools[0]"],
    [
      "a choice of a tool that isn't there",
      { tools: [clock], tool_choice: { type: "function", name: "weather" } },
      "invalid_value",
      "tool_choice",
    ],
    [
      "an allowed tool that isn't there",
      {
        tools: [clock],
        tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "weather" }] },
      },
      "invalid_value",
      "tool_choice.tools[0]",
    ],
    ["a required call without tools", { tools: [], tool_choice: "required" }, "invalid_value", "tool_choice"],
  ])("%s is refused by its name, and nothing is sent", async (_, extra, code, param) => {
    const response = await server.post(path, { ...ask, ...extra });
    const { error } = (await response.json()) as { error: { code: string; param: string; message: string } };
    expect({ status: response.status, code: error.code }).toEqual({ status: 400, code });
    if (param === null) expect(error.param).toBeNull();
    else expect(error.param).toStartWith(param);
    expect(error.message.length).toBeLessThan(1000);
    expect(provider.calls).toHaveLength(0);
  });

  test("a call of the chain that still has no output is refused by the chain's name", async () => {
    say(twoCalls);
    const first = await create();
    const response = await server.post(path, { ...ask, previous_response_id: first.id, input: [result("call_a")] });
    expect(await response.json()).toMatchObject({
      error: { message: "No tool output found for function call call_b.", param: "previous_response_id" },
    });
  });
});
