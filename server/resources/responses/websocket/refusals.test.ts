import { afterAll, describe, expect, test } from "bun:test";
import { inPlatform } from "../../../database/tenant.ts";
import { insertProject } from "../../../identity/identity-store.ts";
import { untilAnswered } from "../../../testing/admin-client.ts";
import { openSocket, type SocketClient } from "../../../testing/socket-client.ts";
import { usageOfRequest } from "../../../testing/usage.ts";
import { create, finalOf, hold, loggedLine, startSocketServer } from "./testing/socket-server.ts";

const setup = await startSocketServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { server, chatOnly } = setup;

/** What a message is answered with, and that the connection goes on after it. */
async function refusalOf(client: SocketClient, message: unknown, streamId?: string) {
  if (message instanceof Uint8Array) client.socket.send(message as Uint8Array<ArrayBuffer>);
  else client.send(message);
  const refusal = await client.next(streamId);
  client.send(create({ input: "And this?" }));
  expect((await client.turn()).at(-1)?.type).toBe("response.completed");
  return refusal;
}

describe("a message that is refused", () => {
  const cases: [string, unknown, number, string, string | null][] = [
    ["is no JSON", "{", 400, "invalid_json", null],
    [
      "is nested too deeply",
      `{"type":"response.create","input":${"[".repeat(100)}${"]".repeat(100)}}`,
      400,
      "invalid_json",
      null,
    ],
    ["is no object", "[]", 400, "invalid_type", null],
    ["is null", "null", 400, "invalid_type", null],
    ["is empty", "", 400, "invalid_json", null],
    ["is binary", new Uint8Array([1, 2, 3]), 400, "invalid_type", null],
    ["has no type", { model: "chatty", input: "x" }, 400, "missing_required_parameter", "type"],
    ["has an unknown type", { type: "session.update" }, 400, "invalid_value", "type"],
    ["has a type that is no text", { type: 7 }, 400, "invalid_value", "type"],
    ["has no model", { type: "response.create", input: "x" }, 400, "missing_required_parameter", "model"],
    ["has no input", create({}), 400, "missing_required_parameter", "input"],
    ["has an unknown model", create({ model: "none", input: "x" }), 404, "model_not_found", "model"],
    ["has an unknown parameter", create({ input: "x", modle: "y" }), 400, "unknown_parameter", "modle"],
    ["has a wrong value", create({ input: "x", temperature: 3 }), 400, "decimal_above_max_value", "temperature"],
    [
      "has a wrong value deep in it",
      create({ input: [{ role: "user", content: [{ type: "input_text", text: 1 }] }] }),
      400,
      "invalid_type",
      "input[0].content[0].text",
    ],
    [
      "has a key twice",
      '{"type":"response.create","model":"chatty","input":"x","input":"y"}',
      400,
      "invalid_json",
      "input",
    ],
    [
      "asks to run in the background",
      create({ input: "x", background: true }),
      400,
      "unsupported_parameter",
      "background",
    ],
    ["asks not to be streamed", create({ input: "x", stream: false }), 400, "unsupported_value", "stream"],
    ["has a generate that is no boolean", create({ input: "x", generate: "no" }), 400, "invalid_type", "generate"],
    ["names a lane with nothing", create({ input: "x", stream_id: "" }), 400, "invalid_stream_id", "stream_id"],
    ["names a lane with null", create({ input: "x", stream_id: null }), 400, "invalid_stream_id", "stream_id"],
    [
      "names a lane with a blank in it",
      create({ input: "x", stream_id: "a b" }),
      400,
      "invalid_stream_id",
      "stream_id",
    ],
    [
      "names a lane too long",
      create({ input: "x", stream_id: "a".repeat(257) }),
      400,
      "invalid_stream_id",
      "stream_id",
    ],
    [
      "goes on from an unknown response",
      create({ input: "x", previous_response_id: "resp_unknown" }),
      400,
      "previous_response_not_found",
      "previous_response_id",
    ],
  ];
  test.each(cases)(
    "because it %s is answered with an error event, and the connection goes on",
    async (_, message, status, code, param) => {
      setup.answerWell();
      await using client = await openSocket(server);
      const refusal = await refusalOf(client, message);
      expect(refusal).toMatchObject({ type: "error", status, error: { code, param } });
      const { message: words, type, headers } = refusal.error as Record<string, unknown>;
      expect(typeof words).toBe("string");
      expect(type).toBe("invalid_request_error");
      expect(headers).toEqual({ "x-request-id": expect.stringMatching(/^req_/) });
      expect(refusal).not.toHaveProperty("stream_id");
    },
  );

  test("is refused in its turn on its lane, and names the lane", async () => {
    const nextHeld = hold(chatOnly);
    await using client = await openSocket(server);
    client.send(create({ input: "x", stream_id: "main" }));
    client.send(create({ input: "x", stream_id: "main", temperature: 3 }));
    const held = await nextHeld();
    held.release();
    expect((await client.turn("main")).at(-1)?.type).toBe("response.completed");
    expect(await client.next("main")).toMatchObject({ type: "error", status: 400, stream_id: "main" });
  });

  test("with a stream that is asked for, or a background that is not, is no such message", async () => {
    setup.answerWell();
    await using client = await openSocket(server);
    client.send(create({ input: "x", stream: true, background: false }));
    expect((await client.turn()).at(-1)?.type).toBe("response.completed");
  });

  test("by the model's server is told as over HTTP", async () => {
    chatOnly.answer((_, response) => void response.writeHead(500).end());
    await using client = await openSocket(server);
    client.send(create({ input: "x" }));
    expect(await client.turn()).toMatchObject([{ type: "error", status: 502, error: { code: "upstream_failed" } }]);
  });
});

test("a response of another project can't be told from one that never was", async () => {
  setup.answerWell();
  const made = await server.client.responses.create({ model: "chatty", input: "Secret", store: true, stream: true });
  let id = "";
  for await (const event of made) if (event.type === "response.completed") id = event.response.id;
  const organizationId = (await server.get("/v1/models")).headers.get("openai-organization") ?? "";
  await inPlatform(server.foundation.database.db, (transaction) =>
    insertProject(transaction, { id: "proj_other", organizationId, name: "Other" }),
  );
  const { key } = await server.foundation.keys.create({ name: "other", projectId: "proj_other" });
  await untilAnswered(server, key, "/v1/models", 200);
  await using client = await openSocket(server, { authorization: `Bearer ${key}` });
  const answerTo = async (previous: string) => {
    client.send(create({ input: "x", previous_response_id: previous }));
    const [event] = await client.turn();
    const { headers: _, ...error } = (event?.error ?? {}) as Record<string, unknown>;
    return JSON.stringify({ ...event, error }).replaceAll(previous, "ID");
  };
  expect(await answerTo(id)).toBe(await answerTo("resp_unknown"));
});

describe("a client that leaves in mid-turn", () => {
  test("has its model's connection closed at once, its usage booked once, and its waiting turns dropped", async () => {
    const nextHeld = hold(chatOnly);
    const client = await openSocket(server);
    chatOnly.calls.length = 0;
    client.send(create({ input: "x", user: "leaver" }));
    client.send(create({ input: "never asked" }));
    const { call } = await nextHeld();
    while ((await client.next()).type !== "response.output_text.delta");
    client.socket.close();
    await call.closed;
    const line = await loggedLine(server, { method: "WS", streamEnd: "client_left" });
    expect(await usageOfRequest(server, String(line.requestId))).toMatchObject({ status: "client_left" });
    await loggedLine(server, { method: "WS", status: 499 });
    expect(chatOnly.calls).toHaveLength(1);
  });

  test("is told apart in the log from one that said goodbye between turns", async () => {
    setup.answerWell();
    const client = await openSocket(server);
    client.send(create({ input: "x" }));
    const made = finalOf(await client.turn());
    client.socket.close(1000);
    const line = await loggedLine(server, { status: 101, closeCode: 1000 });
    expect(line).toMatchObject({ method: "GET", path: "/v1/responses", operation: "createResponse" });
    expect(made.status).toBe("completed");
  });
});
