/** WebSocket mode of the Responses API through the official Node SDK, unmodified, against a real server and model. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { chatModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey });
});
after(() => server?.stop());

const short = { type: "response.create", model: chatModel, temperature: 0, max_output_tokens: 8 };
const lastTypes = ["response.completed", "response.incomplete", "response.failed"];

/** Opens a connection for a test, and closes it in any case. */
async function connected(use) {
  const ws = new ResponsesWS(client);
  try {
    await use(ws, ws.stream());
  } finally {
    ws.close();
  }
}

/** The next turn's events, up to its last; an error event is thrown as the SDK tells it. */
async function turn(events) {
  const seen = [];
  for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) {
    if (event.type === "error") throw event.error;
    assert.notEqual(event.type, "close");
    if (event.type !== "message") continue;
    seen.push(event.message);
    if (lastTypes.includes(event.message.type)) return seen;
  }
  throw new Error("The connection ended in the middle of a turn.");
}

describe("a connection of the SDK", () => {
  test("streams the answer that HTTP gives", () =>
    connected(async (ws, events) => {
      const { type: _, ...body } = short;
      const whole = await client.responses.create({ ...body, input: "What is the capital of France?" });
      ws.send({ ...short, input: "What is the capital of France?" });
      const seen = await turn(events);
      const text = seen.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
      assert.equal(text.join(""), whole.output_text);
      // How much of the input was in the model's cache depends on what it was asked before.
      const { input_tokens_details: _details, ...usage } = seen.at(-1).response.usage;
      const { input_tokens_details: _cached, ...expected } = whole.usage;
      assert.deepEqual(usage, expected);
      assert.deepEqual(
        seen.map((event) => event.sequence_number),
        seen.map((_, index) => index),
      );
    }));

  test("goes on, turn by turn, from responses that are stored nowhere", () =>
    connected(async (ws, events) => {
      const unstored = { ...short, store: false };
      ws.send({ ...unstored, input: "My name is Ada." });
      const first = (await turn(events)).at(-1).response;
      ws.send({ ...unstored, input: "What is my name?", previous_response_id: first.id });
      const second = (await turn(events)).at(-1).response;
      assert.ok(second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens);
      await assert.rejects(client.responses.retrieve(second.id));
    }));

  test("prepares a response without output, and goes on from it", () =>
    connected(async (ws, events) => {
      ws.send({ ...short, store: false, generate: false, input: "My name is Ada." });
      const prepared = (await turn(events)).at(-1).response;
      assert.deepEqual(prepared.output, []);
      ws.send({ ...short, store: false, input: "What is my name?", previous_response_id: prepared.id });
      assert.ok((await turn(events)).at(-1).response.usage.output_tokens > 0);
    }));

  test("runs lanes at once, each event with the name of its own", () =>
    connected(async (ws) => {
      const lanes = ["planner", "research"];
      const ended = new Set();
      const all = new Promise((resolve, reject) => {
        ws.on("error", reject);
        ws.on("event", (event) => {
          assert.ok(lanes.includes(event.stream_id));
          if (lastTypes.includes(event.type)) ended.add(event.stream_id);
          if (ended.size === lanes.length) resolve();
        });
      });
      for (const lane of lanes) ws.send({ ...short, stream_id: lane, input: "Say something." });
      await all;
    }));

  test("is told of an error by the SDK's own class, and goes on", () =>
    connected(async (ws, events) => {
      ws.send({ ...short, input: "x", previous_response_id: "resp_unknown" });
      await assert.rejects(turn(events), (thrown) => {
        assert.equal(thrown.constructor.name, "WebSocketError");
        assert.equal(thrown.error.status, 400);
        assert.equal(thrown.error.error.code, "previous_response_not_found");
        assert.match(thrown.error.error.headers["x-request-id"], /^req_/);
        return true;
      });
      ws.send({ ...short, input: "Say something." });
      assert.ok((await turn(events)).length > 3);
    }));
});

test("a wrong key is refused at the handshake", async () => {
  const ws = new ResponsesWS(new OpenAI({ baseURL: server.baseUrl, apiKey: `${server.apiKey}x` }));
  const error = await new Promise((resolve) => ws.on("error", resolve));
  assert.match(`${error.message} ${error.cause?.message}`, /401/);
  ws.close();
});
