import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { startChatLane } from "../../testing/chat-lane.ts";
import { chatFrames } from "../../testing/scripted-provider.ts";
import { clock, twoCalls, weather } from "./tools.fixture.ts";

const lane = await startChatLane();
const { provider, say, told } = lane;
afterAll(() => lane[Symbol.asyncDispose]());
beforeEach(lane.reset);

const ask = { model: "chatty", input: "How is it in Paris and Rome?", tools: [weather, clock] };
const create = (extra: object = {}) => lane.create({ ...ask, ...extra });

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
    const first = await lane.server.client.responses.create({ ...ask, tools: [weather], store: false });
    say(chatFrames(["Sunny"]));
    const outputs = first.output.flatMap((item) =>
      item.type === "function_call"
        ? [{ type: "function_call_output" as const, call_id: item.call_id, output: "sunny" }]
        : [],
    );
    await lane.server.client.responses.create({
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
    const response = await lane.server.post("/v1/responses", { ...ask, ...extra });
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
    const response = await lane.server.post("/v1/responses", {
      ...ask,
      previous_response_id: first.id,
      input: [result("call_a")],
    });
    expect(await response.json()).toMatchObject({
      error: { message: "No tool output found for function call call_b.", param: "previous_response_id" },
    });
  });
});
