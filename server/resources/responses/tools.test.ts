import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { type AnyResponse, startChatLane } from "../../testing/chat-lane.ts";
import { callChoice, chatChoiceFrames, chatFrames } from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { usageOf } from "../../testing/usage.ts";
import { clock, parameters, twoCalls, weather } from "./tools.fixture.ts";

const lane = await startChatLane();
const { server, say, told } = lane;
afterAll(() => lane[Symbol.asyncDispose]());
beforeEach(lane.reset);

const path = "/v1/responses";
const ask = { model: "chatty", input: "How is it in Paris and Rome?", tools: [weather, clock] };

type Json = Record<string, unknown>;

const lastResponse = (events: readonly Json[]) => events.at(-1)?.response as Json & { id: string; output: Json[] };

const create = (extra: object = {}): Promise<AnyResponse> => lane.create({ ...ask, ...extra });

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
