import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { organizationOf } from "../../../testing/admin-client.ts";
import { openSocket, type SocketClient } from "../../../testing/socket-client.ts";
import { create, finalOf, lastInput, startSocketServer } from "./testing/socket-server.ts";

const setup = await startSocketServer({ websocketMemoryBytesMax: 50_000 });
afterAll(() => setup[Symbol.asyncDispose]());
beforeEach(() => setup.answerWell());
const { server, chatOnly, native } = setup;

async function turn(client: SocketClient, fields: Record<string, unknown>) {
  client.send(create(fields));
  return client.turn(fields.stream_id as string | undefined);
}

const notFound = {
  type: "error",
  status: 400,
  error: { type: "invalid_request_error", code: "previous_response_not_found", param: "previous_response_id" },
};

describe.each(["chatty", "native"])("a response of the %s lane with store: false", (model) => {
  const provider = model === "chatty" ? chatOnly : native;
  const unstored = { model, store: false };

  test("is stored nowhere, and can be continued on its connection, again and again", async () => {
    await using client = await openSocket(server);
    const first = finalOf(await turn(client, { ...unstored, input: "One" }));
    expect((await server.get(`/v1/responses/${first.id}`)).status).toBe(404);
    const second = finalOf(await turn(client, { ...unstored, input: "Two", previous_response_id: first.id }));
    await turn(client, { ...unstored, input: "Three", previous_response_id: second.id });
    expect(lastInput(provider)).toEqual([
      "user: One",
      "assistant: Hello there",
      "user: Two",
      "assistant: Hello there",
      "user: Three",
    ]);
  });

  test("is unknown to other connections and over HTTP, and when its connection is gone", async () => {
    let id: string;
    {
      await using client = await openSocket(server);
      await using other = await openSocket(server);
      id = finalOf(await turn(client, { ...unstored, input: "One" })).id;
      expect(await turn(other, { model, input: "Two", previous_response_id: id })).toMatchObject([notFound]);
      const overHttp = await server.post("/v1/responses", { model, input: "Two", previous_response_id: id });
      expect(await overHttp.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
    }
    await using later = await openSocket(server);
    expect(await turn(later, { model, input: "Two", previous_response_id: id })).toMatchObject([notFound]);
  });

  test("goes on from a stored response, and can be continued by one that is stored", async () => {
    const stored = await server.client.responses.create({ model: "chatty", input: "One" });
    await using client = await openSocket(server);
    const second = finalOf(await turn(client, { ...unstored, input: "Two", previous_response_id: stored.id }));
    const third = finalOf(await turn(client, { model, input: "Three", previous_response_id: second.id }));
    expect((await server.get(`/v1/responses/${third.id}`)).status).toBe(200);
    await turn(client, { model, input: "Four", previous_response_id: third.id });
    expect(lastInput(provider).filter((line) => line.startsWith("user"))).toEqual([
      "user: One",
      "user: Two",
      "user: Three",
      "user: Four",
    ]);
  });

  test("is forgotten with the stored response that it goes on from", async () => {
    const stored = await server.client.responses.create({ model: "chatty", input: "One" });
    await using client = await openSocket(server);
    const second = finalOf(await turn(client, { ...unstored, input: "Two", previous_response_id: stored.id }));
    await server.client.responses.delete(stored.id);
    expect(await turn(client, { model, input: "Three", previous_response_id: second.id })).toMatchObject([notFound]);
  });
});

describe("a connection", () => {
  const unstored = { store: false };

  test("remembers of each lane its latest response, which another lane can continue too", async () => {
    await using client = await openSocket(server);
    const first = finalOf(await turn(client, { ...unstored, input: "One", stream_id: "main" }));
    await turn(client, { ...unstored, input: "Fork", stream_id: "fork", previous_response_id: first.id });
    expect(lastInput(chatOnly)).toEqual(["user: One", "assistant: Hello there", "user: Fork"]);
    await turn(client, { ...unstored, input: "Two", stream_id: "main", previous_response_id: first.id });
    expect(lastInput(chatOnly)).toEqual(["user: One", "assistant: Hello there", "user: Two"]);
    const gone = await turn(client, { ...unstored, input: "x", stream_id: "late", previous_response_id: first.id });
    expect(gone).toMatchObject([{ ...notFound, stream_id: "late" }]);
  });

  test("forgets a response that its own lane failed to continue, and keeps it where a fork failed", async () => {
    await using client = await openSocket(server);
    const first = finalOf(await turn(client, { ...unstored, input: "One", stream_id: "main" }));
    const wrong = { ...unstored, model: "no-such-model", input: "x", previous_response_id: first.id };
    expect(await turn(client, { ...wrong, stream_id: "fork" })).toMatchObject([{ status: 404 }]);
    expect(await turn(client, { ...wrong, stream_id: "main" })).toMatchObject([{ status: 404 }]);
    const gone = await turn(client, { ...unstored, input: "Two", stream_id: "main", previous_response_id: first.id });
    expect(gone).toMatchObject([notFound]);
  });

  test("keeps a response whose continuation broke off in its stream, so that it can be tried again", async () => {
    await using client = await openSocket(server);
    const first = finalOf(await turn(client, { ...unstored, input: "One" }));
    chatOnly.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n');
    });
    const broken = await turn(client, { ...unstored, input: "Two", previous_response_id: first.id });
    expect(broken.at(-1)?.type).toBe("response.failed");
    setup.answerWell();
    await turn(client, { ...unstored, input: "Two", previous_response_id: first.id });
    expect(lastInput(chatOnly)).toEqual(["user: One", "assistant: Hello there", "user: Two"]);
    expect(await turn(client, { ...unstored, input: "x", previous_response_id: finalOf(broken).id })).toMatchObject([
      notFound,
    ]);
  });

  test("remembers so many bytes, the newest, and forgets what is larger", async () => {
    await using client = await openSocket(server);
    const of = async (lane: string, characters: number) => {
      const made = await turn(client, { ...unstored, input: "x".repeat(characters), stream_id: lane });
      return finalOf(made).id;
    };
    const isRemembered = async (lane: string, id: string) => {
      const events = await turn(client, { input: "y", stream_id: lane, previous_response_id: id, generate: false });
      return events.at(-1)?.type === "response.completed";
    };
    const a = await of("a", 30_000);
    const b = await of("b", 30_000);
    const c = await of("c", 60_000);
    expect(await isRemembered("probe-1", a)).toBe(false);
    expect(await isRemembered("probe-2", b)).toBe(false);
    expect(await isRemembered("probe-3", c)).toBe(false);
    expect(await isRemembered("probe-4", await of("d", 30_000))).toBe(true);
  });
});

describe("a response with generate: false", () => {
  test("has no output, asks no model, and its input need not be sent again", async () => {
    await using client = await openSocket(server);
    const events = await turn(client, {
      generate: false,
      store: false,
      input: "You know this",
      instructions: "Be brief",
    });
    expect(events.map(({ type }) => type)).toEqual(["response.created", "response.in_progress", "response.completed"]);
    const prepared = finalOf(events);
    expect(prepared).toMatchObject({ status: "completed", output: [], usage: { total_tokens: 0 } });
    expect(chatOnly.calls).toHaveLength(0);
    await turn(client, { input: "Go on", previous_response_id: prepared.id });
    expect(lastInput(chatOnly)).toEqual(["user: You know this", "user: Go on"]);
  });

  test("is stored where that is not declined", async () => {
    await using client = await openSocket(server);
    const prepared = finalOf(await turn(client, { generate: false, input: "You know this" }));
    expect(await (await server.get(`/v1/responses/${prepared.id}`)).json()).toEqual(prepared);
  });

  test("is refused where the turn itself would be", async () => {
    await using client = await openSocket(server);
    expect(
      await turn(client, { generate: false, input: [{ role: "user", content: "x" }, { type: "compaction_trigger" }] }),
    ).toMatchObject([{ type: "error", error: { code: "invalid_value", param: "generate" } }]);
    expect(await turn(client, { generate: false, input: "x", model: "no-such-model" })).toMatchObject([
      { status: 404, error: { code: "model_not_found" } },
    ]);
  });
});

describe("a turn in a conversation", () => {
  test("adds to it as over HTTP, and its response is remembered by the store alone", async () => {
    const conversation = await server.client.conversations.create({});
    await using client = await openSocket(server);
    const first = finalOf(await turn(client, { input: "One", conversation: conversation.id, store: false }));
    await turn(client, { input: "Two", conversation: conversation.id, generate: false });
    await turn(client, { input: "Three", conversation: conversation.id });
    expect(lastInput(chatOnly)).toEqual(["user: One", "assistant: Hello there", "user: Two", "user: Three"]);
    expect(await turn(client, { input: "x", previous_response_id: first.id })).toMatchObject([notFound]);
  });
});

describe("under zero data retention", () => {
  test("nothing is stored, whatever is asked for, and a connection goes on all the same", async () => {
    const project = (await server.get("/v1/models")).headers.get("openai-project") ?? "";
    const retention = organizationOf(server).projects.dataRetention;
    await retention.update(project, { retention_type: "zero_data_retention" });
    try {
      await using client = await openSocket(server);
      let made = finalOf(await turn(client, { input: "One", store: true }));
      while (made.store) made = finalOf(await turn(client, { input: "One", store: true }));
      expect((await server.get(`/v1/responses/${made.id}`)).status).toBe(404);
      await turn(client, { input: "Two", previous_response_id: made.id });
      expect(lastInput(chatOnly)).toEqual(["user: One", "assistant: Hello there", "user: Two"]);
      await using other = await openSocket(server);
      expect(await turn(other, { input: "Two", previous_response_id: made.id })).toMatchObject([notFound]);
    } finally {
      await retention.update(project, { retention_type: "organization_default" });
    }
  });
});
