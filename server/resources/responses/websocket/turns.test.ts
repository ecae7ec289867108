import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { openSocket } from "../../../testing/socket-client.ts";
import { usageOfRequest } from "../../../testing/usage.ts";
import { create, finalOf, hold, lastInput, loggedLine, startSocketServer } from "./testing/socket-server.ts";

const setup = await startSocketServer({
  websocketRunningTurnsMax: 2,
  websocketStreamsMax: 3,
  websocketQueuedTurnsMax: 2,
});
afterAll(() => setup[Symbol.asyncDispose]());
beforeEach(() => setup.answerWell());
const { server, chatOnly, native } = setup;

describe.each(["chatty", "native"])("a turn of a model on the %s lane", (model) => {
  const provider = model === "chatty" ? chatOnly : native;

  test("is streamed by the grammar, one message for each event, and stored", async () => {
    await using client = await openSocket(server);
    client.send(create({ model, input: "Say hello" }));
    const events = await client.turn();
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const final = finalOf(events);
    expect(await (await server.get(`/v1/responses/${final.id}`)).json()).toEqual(final);
    expect(provider.calls.at(-1)?.body).not.toContainAnyKeys(["type", "stream_id", "generate"]);
    expect(provider.calls.at(-1)?.body.stream).toBe(true);
  });

  test("names its lane in every event", async () => {
    await using client = await openSocket(server);
    client.send(create({ model, input: "Say hello", stream_id: "agent-1" }));
    expect((await client.turn("agent-1")).length).toBeGreaterThan(5);
    client.send(create({ model, input: "Say hello" }));
    expect((await client.turn()).length).toBeGreaterThan(5);
    expect(client.events.every((event) => !("stream_id" in event) || event.stream_id === "agent-1")).toBe(true);
  });

  test("goes on from a stored response", async () => {
    const first = await server.client.responses.create({ model: "chatty", input: "One" });
    await using client = await openSocket(server);
    client.send(create({ model, input: "Two", previous_response_id: first.id }));
    await client.turn();
    expect(lastInput(provider)).toEqual(["user: One", "assistant: Hello there", "user: Two"]);
  });

  test("is booked once, and has its own line and request id in the access log", async () => {
    await using client = await openSocket(server);
    client.send(create({ model, input: "Say hello", metadata: { of: "the log" } }));
    await client.turn();
    const line = await loggedLine(server, { method: "WS", model });
    expect(line).toMatchObject({
      path: "/v1/responses",
      operation: "createResponse",
      status: 200,
      streamEnd: "completed",
    });
    const usage = await usageOfRequest(server, String(line.requestId));
    expect(usage).toMatchObject({ status: "completed", estimated: false, output_tokens: 2 });
  });
});

describe("turns of one connection", () => {
  test("on one lane run one after the other, in the order in which they were sent", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    for (const input of ["One", "Two", "Three"]) client.send(create({ input }));
    for (const input of ["One", "Two", "Three"]) {
      const held = await nextHeld();
      expect(lastInput(chatOnly)).toEqual([`user: ${input}`]);
      expect(chatOnly.calls.length).toBe(["One", "Two", "Three"].indexOf(input) + 1);
      held.release();
      expect((await client.turn()).at(-1)?.type).toBe("response.completed");
    }
  });

  test("on different lanes run at once, up to the limit; the next one begins when one has ended", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    for (const lane of ["a", "b"]) client.send(create({ input: lane, stream_id: lane }));
    const [first, second] = [await nextHeld(), await nextHeld()];
    client.send(create({ input: "c", stream_id: "c" }));
    // What comes later on the same connection is answered: so the third was read, and waits.
    client.send({ type: "unknown" });
    expect((await client.next()).type).toBe("error");
    expect(chatOnly.calls).toHaveLength(2);
    second.release();
    expect((await client.turn("b")).at(-1)?.type).toBe("response.completed");
    const third = await nextHeld();
    first.release();
    third.release();
    await client.turn("a");
    await client.turn("c");
  });

  test("that wait beyond the limit are refused, and the others run", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    for (let turn = 0; turn < 4; turn++) client.send(create({ input: `${turn}` }));
    const held = await nextHeld();
    const refusal = client.next().then(async function first(event): Promise<unknown> {
      return event.status === undefined ? first(await client.next()) : event;
    });
    expect(await refusal).toMatchObject({
      status: 429,
      error: { code: "websocket_queue_full", type: "rate_limit_error" },
    });
    held.release();
    (await nextHeld()).release();
    (await nextHeld()).release();
    while (client.events.filter(({ type }) => type === "response.completed").length < 3) await client.next();
  });

  test("can be on so many named lanes and no more, besides the one without a name", async () => {
    await using client = await openSocket(server);
    for (const lane of ["a", "b", "c"]) {
      client.send(create({ input: "x", stream_id: lane }));
      await client.turn(lane);
    }
    client.send(create({ input: "x", stream_id: "d" }));
    expect(await client.next("d")).toMatchObject({
      type: "error",
      status: 400,
      error: { code: "websocket_stream_limit_reached", param: "stream_id" },
    });
    client.send(create({ input: "x", stream_id: "a" }));
    expect((await client.turn("a")).at(-1)?.type).toBe("response.completed");
    client.send(create({ input: "x" }));
    expect((await client.turn()).at(-1)?.type).toBe("response.completed");
  });
});
