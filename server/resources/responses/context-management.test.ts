/** Compaction within a response, whoever its model's server is: where a threshold is passed, and where it is asked for. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { LiveReader } from "../../testing/live-reader.ts";
import {
  chatFrames,
  type ProviderCall,
  type Script,
  sendEvents,
  startScriptedProvider,
} from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";
import { providerResponse, providerResponseFrames } from "./provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: native, base_url: "${provider.baseUrl}", apis: [responses] }
  - { name: chatty, base_url: "${provider.baseUrl}", apis: [chat] }
models:
  - { name: native, provider: native, model: upstream-native }
  - { name: chatty, provider: chatty }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
type Answer = Json & { id: string; status: string; output: Json[]; usage: { input_tokens: number } };

const path = "/v1/responses";
const models = ["chatty", "native"];
const isCount = ({ path: called }: ProviderCall) => called.endsWith("/input_tokens");
const isSummary = ({ text }: ProviderCall) => text.includes("Write a summary of this conversation");
const talk = [
  { role: "user", content: "What is a mill?" },
  { role: "assistant", content: "A machine that grinds." },
  { role: "user", content: "And a race?" },
];
const managed = (compact_threshold: number) => ({ context_management: [{ type: "compaction", compact_threshold }] });

/** Answers with these words on whichever wire was asked. */
const say =
  (...words: string[]): Script =>
  (call, response) => {
    if (call.path.endsWith("/chat/completions")) return sendEvents(response, chatFrames(words));
    if (call.body.stream === true) return sendEvents(response, providerResponseFrames(words));
    return void response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(providerResponse(words)));
  };
const fail: Script = (_, response) =>
  void response
    .writeHead(400, { "content-type": "application/json" })
    .end(JSON.stringify({ error: { message: "No.", type: "invalid_request_error", param: null, code: null } }));
const notThere: Script = (_, response) => void response.writeHead(404).end('{"detail":"Not Found"}');

/** What is done with each kind of call. */
const script = { count: notThere, summary: say("They talked", " about mills."), turn: say("A", " channel.") };
beforeEach(() => {
  provider.calls.length = 0;
  Object.assign(script, { count: notThere, summary: say("They talked", " about mills."), turn: say("A", " channel.") });
  provider.answer((call, response) =>
    (isCount(call) ? script.count : isSummary(call) ? script.summary : script.turn)(call, response),
  );
});

const create = async (body: object) => {
  const response = await server.post(path, { input: talk, ...body });
  const answer = (await response.json()) as Answer;
  expect({ status: response.status, error: answer.error ?? null }).toEqual({ status: 200, error: null });
  return { response, answer };
};
const stream = async (body: object) =>
  readResponseStream(await server.post(path, { input: talk, stream: true, ...body }));
/** The response that a stream's last event tells. */
const lastOf = (events: readonly Json[]) => (events.at(-1) as { response: Answer }).response;
const typesOf = (items: readonly Json[]) => items.map(({ type }) => type);
const turns = () => provider.calls.filter((call) => !isCount(call));
/** What the model was told last, a line for each message. */
const told = () => {
  const body = provider.calls.at(-1)?.body ?? {};
  return ((body.messages ?? body.input) as { role: string; content: string | { text: string }[] }[]).map(
    ({ role, content }) =>
      `${role}: ${typeof content === "string" ? content : content.map(({ text }) => text).join("")}`,
  );
};
const toldSummary = expect.stringMatching(/^user: \[A summary[^\]]*\]\n\nThey talked about mills\.$/);

describe.each(models)("a conversation with %s that is longer than its threshold", (model) => {
  test("is compacted by its own model and answered from the sum, and both are booked", async () => {
    const { response, answer } = await create({ model, ...managed(5) });
    expect(typesOf(answer.output)).toEqual(["compaction", "message"]);
    expect(turns()).toHaveLength(2);
    expect(told()).toEqual([toldSummary, "user: And a race?"]);
    expect(turns().map(({ body }) => body.context_management)).toEqual([undefined, undefined]);
    const one = await create({ model, input: "And a race?" });
    const both = await usageOf(server, response);
    expect(answer.usage.input_tokens).toBe(2 * one.answer.usage.input_tokens);
    expect(both).toMatchObject({ status: "completed" });
  });

  test("tells its stream's reader that it is compacted before there is a word of the sum", async () => {
    const gate = Promise.withResolvers<void>();
    const { summary } = script;
    script.summary = async (call, response) => {
      await gate.promise;
      await summary(call, response);
    };
    const response = await server.post(path, { model, input: talk, stream: true, ...managed(5) });
    const live = new LiveReader(response);
    await live.until('"type":"compaction"');
    expect(live.text).toContain("event: response.in_progress");
    expect(live.text).not.toContain("response.compaction.compacting");
    gate.resolve();
    await live.until("response.completed");
  });

  test("has a stream that keeps the grammar, with the same response at its end and in the store", async () => {
    const events = await stream({ model, ...managed(5) });
    const types = typesOf(events).filter((type, index, all) => type !== all[index - 1]);
    expect(types.slice(0, 7)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.compaction.compacting",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
    ]);
    const last = lastOf(events);
    expect(typesOf(last.output)).toEqual(["compaction", "message"]);
    expect(await (await server.get(`${path}/${last.id}`)).json()).toEqual(last);
    const { answer } = await create({ model, ...managed(5) });
    expect(Object.keys(answer).sort()).toEqual(Object.keys(last).sort());
    expect(answer.usage).toEqual(last.usage);
  });

  test("goes on from the sum, with any model", async () => {
    const { answer } = await create({ model, ...managed(5) });
    for (const next of models) {
      await create({ model: next, input: "More", previous_response_id: answer.id });
      expect(told()).toEqual([toldSummary, "assistant: A channel.", "user: More"]);
    }
  });

  test("runs in the background with the same events", async () => {
    const events = await stream({ model, background: true, ...managed(5) });
    const last = events.at(-1) as { type: string; response: Answer };
    expect(last.type).toBe("response.completed");
    expect(typesOf(last.response.output)).toEqual(["compaction", "message"]);
    expect(await (await server.get(`${path}/${last.response.id}`)).json()).toEqual(last.response);
  });

  test("is left as it is where it is not longer, or is one message", async () => {
    expect(typesOf((await create({ model, ...managed(100_000) })).answer.output)).toEqual(["message"]);
    expect(typesOf((await create({ model, ...managed(1), input: "Hi" })).answer.output)).toEqual(["message"]);
    expect(turns()).toHaveLength(2);
  });

  test("that can't be summed up fails: as an error at once, or in the stream that is open", async () => {
    script.summary = fail;
    const refused = await server.post(path, { model, input: talk, ...managed(5) });
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 400,
      body: { error: { message: "No." } },
    });
    const events = await stream({ model, ...managed(5) });
    expect(typesOf(events)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "error",
      "response.failed",
    ]);
    const { id, output } = lastOf(events);
    expect(output).toEqual([]);
    expect(await (await server.get(`${path}/${id}`)).json()).toMatchObject({ status: "failed" });
  });

  test("whose model takes the sum and refuses the turn has the sum in what failed", async () => {
    script.turn = fail;
    const events = await stream({ model, ...managed(5) });
    expect(typesOf(events.slice(-2))).toEqual(["error", "response.failed"]);
    expect(lastOf(events)).toMatchObject({ output: [{ type: "compaction" }], usage: { output_tokens: 2 } });
  });

  test("whose model breaks off in its answer has the sum in what failed, too", async () => {
    script.turn = (call, response) =>
      call.path.endsWith("/chat/completions")
        ? sendEvents(response, chatFrames(["A", " channel."]).slice(0, 3))
        : sendEvents(response, providerResponseFrames(["A", " channel."]).slice(0, 5));
    const events = await stream({ model, ...managed(5) });
    expect(typesOf(events.slice(-2))).toEqual(["error", "response.failed"]);
    expect(typesOf(lastOf(events).output)).toEqual(["compaction", "message"]);
  });

  test("whose caller leaves while it is summed up lets its model go, and is kept as cancelled", async () => {
    const asked = Promise.withResolvers<ProviderCall>();
    script.summary = (call, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      asked.resolve(call);
    };
    const response = await server.post(path, { model, input: talk, stream: true, ...managed(5) });
    const live = new LiveReader(response);
    const id = await live.id();
    const call = await asked.promise;
    await live.leave();
    await call.closed;
    expect(await usageOf(server, response)).toMatchObject({ status: "client_left" });
    let kept = await server.get(`${path}/${id}`);
    while (kept.status === 404) {
      await Bun.sleep(10);
      kept = await server.get(`${path}/${id}`);
    }
    expect(await kept.json()).toMatchObject({ status: "cancelled", output: [] });
  });
});

describe("the tokens of a conversation are", () => {
  const counted =
    (input_tokens: number): Script =>
    (_, response) =>
      void response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ object: "response.input_tokens", input_tokens }));

  test("those that the provider counts, which is told all that takes tokens", async () => {
    script.count = counted(41);
    const body = { model: "native", instructions: "Be brief.", temperature: 0.5 };
    expect(typesOf((await create({ ...body, ...managed(41) })).answer.output)).toEqual(["message"]);
    expect(provider.calls[0]?.body).toEqual({ model: "upstream-native", instructions: "Be brief.", input: talk });
    expect(typesOf((await create({ ...body, ...managed(40) })).answer.output)).toEqual(["compaction", "message"]);
  });

  test("estimated where the provider's count is none, from the bytes of the text", async () => {
    const noise: Script = (_, response) => void response.writeHead(200).end("x".repeat(100_000));
    for (const count of [notThere, fail, counted(-1), say("no count"), noise]) {
      script.count = count;
      const input = [...talk, { role: "user", content: "x".repeat(4_000) }];
      for (const model of models) {
        expect(typesOf((await create({ model, input, ...managed(1_000) })).answer.output)[0]).toBe("compaction");
        expect(typesOf((await create({ model, input, ...managed(1_200) })).answer.output)[0]).toBe("message");
      }
    }
  });

  test("estimated where the provider doesn't come to an end of its count", async () => {
    script.count = (_, response) => response.writeHead(200).flushHeaders();
    expect(typesOf((await create({ model: "native", ...managed(5) })).answer.output)).toEqual([
      "compaction",
      "message",
    ]);
  }, 30_000);

  test("estimated for pictures by their number, and not by their bytes", async () => {
    const picture = { type: "input_image", image_url: `data:image/png;base64,${"A".repeat(40_000)}`, detail: "auto" };
    const input = [...talk, { role: "user", content: [picture] }];
    expect(typesOf((await create({ model: "chatty", input, ...managed(1_200) })).answer.output)).toEqual(["message"]);
    expect(typesOf((await create({ model: "chatty", input, ...managed(1_000) })).answer.output)[0]).toBe("compaction");
  });
});

describe.each(models)("a compaction that is asked of %s", (model) => {
  const trigger = { type: "compaction_trigger" };
  const asked = { model, input: [...talk, trigger] };

  test("is all that the response holds, and what its chain goes on from", async () => {
    const { response, answer } = await create(asked);
    expect(answer).toMatchObject({ status: "completed", usage: { output_tokens: 2 } });
    expect(typesOf(answer.output)).toEqual(["compaction"]);
    expect(turns()).toHaveLength(1);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", output_tokens: 2 });
    const { data } = (await (await server.get(`${path}/${answer.id}/input_items`)).json()) as { data: Json[] };
    expect(typesOf(data)).toEqual(["message", "message", "message"]);
    await create({ model, input: "More", previous_response_id: answer.id });
    expect(told()).toEqual([toldSummary, "user: More"]);
  });

  test("shows in a stream that keeps the grammar, in the background too", async () => {
    for (const background of [false, true]) {
      const events = await stream({ ...asked, background });
      const { id, output } = lastOf(events);
      expect(events.at(-1)?.type).toBe("response.completed");
      expect(typesOf(output)).toEqual(["compaction"]);
      expect(await (await server.get(`${path}/${id}`)).json()).toEqual(lastOf(events));
    }
  });

  test("compacts what was said before in a chain, and in a conversation", async () => {
    const first = (await create({ model, input: "What is a mill?" })).answer;
    const { answer } = await create({ model, input: [trigger], previous_response_id: first.id });
    expect(told().slice(0, -1)).toEqual(["user: What is a mill?", "assistant: A channel."]);
    expect(typesOf(answer.output)).toEqual(["compaction"]);
    const conversation = await server.client.conversations.create({ items: [{ role: "user", content: "Zero" }] });
    await create({ ...asked, input: [trigger], conversation: conversation.id });
    const items = await server.client.conversations.items.list(conversation.id, { order: "asc" });
    expect(items.data.map(({ type }) => type)).toEqual(["message", "compaction"]);
    await create({ model, input: "More", conversation: conversation.id });
    expect(told()).toEqual([toldSummary, "user: More"]);
  });

  test("goes before a threshold, and adds nothing to a compaction that is asked for by itself", async () => {
    expect(typesOf((await create({ ...asked, ...managed(1) })).answer.output)).toEqual(["compaction"]);
    const compacted = await server.post(`${path}/compact`, asked);
    expect(typesOf(((await compacted.json()) as Answer).output)).toEqual(["message", "message", "compaction"]);
  });

  test.each([
    ["in the middle", { input: [trigger, ...talk] }, "invalid_value", "input[0]"],
    ["twice", { input: [...talk, trigger, trigger] }, "invalid_value", "input[3]"],
    ["of nothing", { input: [trigger] }, "invalid_value", "input"],
  ])("is refused %s", async (_, body, code, param) => {
    for (const streamed of [false, true]) {
      const response = await server.post(path, { model, ...body, stream: streamed });
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: Json }).error).toMatchObject({ code, param });
    }
    expect(provider.calls).toHaveLength(0);
  });
});
