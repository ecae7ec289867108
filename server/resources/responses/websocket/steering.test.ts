import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { callChoice, chatChoiceFrames, chatFrames } from "../../../testing/scripted-provider.ts";
import { openSocket, type SocketClient } from "../../../testing/socket-client.ts";
import { create, finalOf, hold, lastInput, startSocketServer } from "./testing/socket-server.ts";

const setup = await startSocketServer({ websocketSteersMax: 2 });
afterAll(() => setup[Symbol.asyncDispose]());
beforeEach(() => setup.answerWell());
const { server, chatOnly } = setup;

const steer = (previous_response_id: string, input: unknown) => ({
  type: "response.steer",
  previous_response_id,
  input,
});

/** Begins a turn and gives its response's id, before its model has answered. */
async function begin(client: SocketClient, fields: Record<string, unknown>): Promise<string> {
  client.send(create(fields));
  const event = await client.next(fields.stream_id as string | undefined);
  expect(event.type).toBe("response.created");
  return (event.response as { id: string }).id;
}

async function untilType(client: SocketClient, type: string, lane?: string) {
  for (;;) {
    const event = await client.next(lane);
    if (event.type === type) return event;
  }
}

describe("input for a running response", () => {
  test("is accepted, and read by a successor that goes on from it with its settings", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    const id = await begin(client, { input: "Write a poem", store: false, max_output_tokens: 50, stream_id: "main" });
    client.send(create({ input: "Later", stream_id: "main" }));
    const first = await nextHeld();
    client.send(steer(id, "Make it rhyme"));
    client.send(steer(id, [{ role: "user", content: [{ type: "input_text", text: "And short" }] }]));
    const untilAccepted = () => untilType(client, "response.steer.accepted", "main");
    const accepted = [await untilAccepted(), await untilAccepted()];
    expect(accepted).toMatchObject([
      { type: "response.steer.accepted", stream_id: "main", steer: { previous_response_id: id } },
      { type: "response.steer.accepted", stream_id: "main", steer: { previous_response_id: id } },
    ]);
    first.release();
    expect((await untilType(client, "response.completed", "main")).response).toMatchObject({ id });
    const second = await nextHeld();
    // Before it ends: the turn that waits behind it asks at once.
    expect(lastInput(chatOnly)).toEqual([
      "user: Write a poem",
      "assistant: Hello there",
      "user: Make it rhyme",
      "user: And short",
    ]);
    second.release();
    const successor = await client.turn("main");
    expect(finalOf(successor)).toMatchObject({
      status: "completed",
      previous_response_id: id,
      max_output_tokens: 50,
      store: false,
    });
    (await nextHeld()).release();
    await client.turn("main");
    expect(lastInput(chatOnly)).toEqual(["user: Later"]);
  });

  test("waits for the output of the client's tools, and is read before it", async () => {
    const call = callChoice(0, "{}", { id: "call_1", name: "look" });
    const nextHeld = hold(chatOnly, chatChoiceFrames([call], { finish: "tool_calls" }));
    await using client = await openSocket(server);
    const tools = [{ type: "function", name: "look", parameters: {}, strict: false }];
    const id = await begin(client, { input: "Look", tools });
    const held = await nextHeld();
    client.send(steer(id, "And listen"));
    const { steer: accepted } = await untilType(client, "response.steer.accepted");
    held.release();
    await untilType(client, "response.completed");
    expect(await client.next()).toMatchObject({
      type: "response.steer.pending",
      reason: "waiting_for_required_input",
      required_input: [{ type: "function_call_output", call_id: "call_1", name: "look" }],
      steer: accepted,
    });
    setup.answerWell();
    const output = { type: "function_call_output", call_id: "call_1", output: "A tree" };
    client.send(create({ previous_response_id: id, input: [output], tools }));
    expect(finalOf(await client.turn())).toMatchObject({ status: "completed", previous_response_id: id });
    const messages = chatOnly.calls.at(-1)?.body.messages as { role: string }[];
    expect(messages.map(({ role }) => role).toSorted()).toEqual(["assistant", "tool", "user", "user"]);
    expect(JSON.stringify(messages)).toContain("And listen");
  });

  test("comes back where the response breaks off", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [head = "", word = ""] = chatFrames(["Hel"]);
    chatOnly.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(head + word);
      await promise;
      response.end();
    });
    await using client = await openSocket(server);
    const id = await begin(client, { input: "x" });
    client.send(steer(id, "More"));
    await untilType(client, "response.steer.accepted");
    resolve();
    await untilType(client, "response.failed");
    const refused = { error: { code: "response_not_active" }, steer: { previous_response_id: id, input: "More" } };
    expect(await client.next()).toMatchObject({ type: "response.steer.failed", ...refused });
  });

  test("comes back where its successor can't be created", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    const id = await begin(client, { input: "x" });
    const held = await nextHeld();
    client.send(steer(id, "More"));
    await untilType(client, "response.steer.accepted");
    chatOnly.answer((_, response) => void response.writeHead(500).end());
    held.release();
    await untilType(client, "response.completed");
    expect(await client.next()).toMatchObject({
      type: "response.steer.failed",
      error: { code: "successor_creation_failed", type: "invalid_request_error" },
      steer: { id: expect.stringMatching(/^steer_/), previous_response_id: id, input: "More" },
    });
    expect(await client.next()).toMatchObject({ type: "error", status: 502 });
  });

  test("comes back where its lane goes on without the response that waits for the client's tools", async () => {
    const call = callChoice(0, "{}", { id: "call_1", name: "look" });
    const nextHeld = hold(chatOnly, chatChoiceFrames([call], { finish: "tool_calls" }));
    await using client = await openSocket(server);
    const tools = [{ type: "function", name: "look", parameters: {}, strict: false }];
    const id = await begin(client, { input: "Look", tools });
    const held = await nextHeld();
    client.send(steer(id, "And listen"));
    await untilType(client, "response.steer.accepted");
    held.release();
    await untilType(client, "response.steer.pending");
    setup.answerWell();
    client.send(create({ input: "Something else" }));
    expect(await client.next()).toMatchObject({
      type: "response.steer.failed",
      error: { code: "response_not_active" },
      steer: { previous_response_id: id, input: "And listen" },
    });
    await client.turn();
    expect(lastInput(chatOnly)).toEqual(["user: Something else"]);
  });

  test.each([
    ["answers in a conversation", async () => ({ conversation: (await server.client.conversations.create({})).id })],
    ["is a compaction", async () => ({ input: [{ role: "user", content: "x" }, { type: "compaction_trigger" }] })],
  ])("comes back at once where the response %s", async (_, extra) => {
    const asked = await extra();
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    const id = await begin(client, { input: "x", ...asked });
    const held = await nextHeld();
    client.send(steer(id, "More"));
    expect(await untilType(client, "response.steer.failed")).toMatchObject({
      error: { code: "steering_not_supported" },
    });
    held.release();
    await untilType(client, "response.completed");
  });

  test("comes back at once where there is nothing to steer, or too much, or it is wrong", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    const failed = async (message: unknown) => {
      client.send(message);
      return untilType(client, "response.steer.failed");
    };
    expect(await failed(steer("resp_unknown", "x"))).toMatchObject({ error: { code: "response_not_found" } });
    const id = await begin(client, { input: "x" });
    const held = await nextHeld();
    const wrong = [
      steer(id, ""),
      steer(id, []),
      steer(id, [{ type: "function_call_output", call_id: "c", output: "x" }]),
      steer(id, [{ role: "system", content: "x" }]),
      { ...steer(id, "x"), stream_id: "main" },
      { type: "response.steer", input: "x" },
    ];
    for (const message of wrong) {
      expect(await failed(message)).toMatchObject({
        error: { code: "invalid_input" },
        steer: { input: message.input },
      });
    }
    for (const input of ["One", "Two"]) client.send(steer(id, input));
    expect(await failed(steer(id, "Three"))).toMatchObject({ error: { code: "too_many_pending_steers" } });
    held.release();
    await untilType(client, "response.completed");
    (await nextHeld()).release();
    const last = finalOf(await client.turn());
    expect(await failed(steer(last.id, "x"))).toMatchObject({ error: { code: "response_already_completed" } });
    await using other = await openSocket(server);
    other.send(steer(last.id, "x"));
    expect(await other.next()).toMatchObject({ error: { code: "response_not_found" } });
  });
});
