import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { startChatLane } from "../../testing/chat-lane.ts";
import { chatFrames, sendEvents } from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { usageOf } from "../../testing/usage.ts";

const lane = await startChatLane();
const { server, provider } = lane;
afterAll(() => lane[Symbol.asyncDispose]());

type Json = Record<string, unknown>;

/** How many messages the model can read. */
let messagesMax = 6;
beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((call, response) => {
    if ((call.body.messages as unknown[]).length <= messagesMax) return sendEvents(response, chatFrames(["Yes"]));
    const message = "This model's maximum context length is 6 messages.";
    response.writeHead(400, { "content-type": "application/json" }).end(
      JSON.stringify({
        error: { message, type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
      }),
    );
  });
});

const path = "/v1/responses";
const turn = (index: number) => [
  { role: "user", content: `question ${index}` },
  { type: "function_call", call_id: `call_${index}`, name: "f", arguments: "{}" },
  { type: "function_call_output", call_id: `call_${index}`, output: `${index}` },
  { role: "assistant", content: `answer ${index}` },
];
const input = [
  { role: "developer", content: "Be kind" },
  ...[0, 1, 2, 3, 4].flatMap(turn),
  { role: "user", content: "last" },
];
const ask = { model: "chatty", input, instructions: "Be brief" };
const told = () => lane.told().messages.map(({ role, content }) => `${role}: ${content}`);

describe("a conversation that is too long for its model", () => {
  test("is refused, unless the caller allows to shorten it", async () => {
    const response = await server.post(path, ask);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "context_length_exceeded" } });
    expect(provider.calls).toHaveLength(1);
  });

  test.each([false, true])("loses its oldest turns, whole ones, and no instruction (stream: %p)", async (stream) => {
    messagesMax = 7;
    const response = await server.post(path, { ...ask, truncation: "auto", stream });
    const made = stream
      ? ((await readResponseStream(response)).at(-1)?.response as Json)
      : ((await response.json()) as Json);
    expect(made).toMatchObject({ status: "completed", truncation: "auto" });
    expect(told()).toEqual([
      "system: Be brief",
      "developer: Be kind",
      "user: question 4",
      "assistant: null",
      "tool: 4",
      "assistant: answer 4",
      "user: last",
    ]);
    // What a refused try would have cost is on no bill.
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", input_tokens: 7, output_tokens: 1 });
  });

  test("keeps its last turn, and is refused where that alone is too long", async () => {
    messagesMax = 2;
    const response = await server.post(path, { ...ask, truncation: "auto" });
    expect(response.status).toBe(400);
    expect(told()).toEqual(["system: Be brief", "developer: Be kind", "user: last"]);
  });

  test("is stored whole: the next turn is shortened anew", async () => {
    messagesMax = 7;
    const first = (await (await server.post(path, { ...ask, truncation: "auto" })).json()) as { id: string };
    messagesMax = 100;
    await server.post(path, { model: "chatty", input: "more", previous_response_id: first.id });
    expect(told()).toContain("user: question 0");
    messagesMax = 6;
  });
});
