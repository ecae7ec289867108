import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chatCompletion } from "@headrace/contract/chat/completion.ts";
import { chatMessageList } from "@headrace/contract/chat/stored-chat-completions.ts";
import type { ChatCompletionListParams } from "openai/resources/chat/completions";
import { chatFrames, chatUsage, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { chatText, readChatStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";
import { providerResponse, providerResponseFrames } from "../responses/provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: provider, base_url: "${provider.baseUrl}", apis: [chat] }
  - { name: responding, base_url: "${provider.baseUrl}", apis: [responses] }
models:
  - { name: responding, provider: responding }
  - { name: scripted, provider: provider }
  - { name: other, provider: provider }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((call, response) =>
    call.body.stream === true
      ? sendEvents(response, chatFrames(["Hello", " there"]))
      : void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer)),
  );
});

const answer = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "upstream",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Hello there", refusal: null },
      finish_reason: "stop",
      logprobs: null,
    },
  ],
  usage: chatUsage(2),
};

const path = "/v1/chat/completions";
const { completions } = server.client.chat;
const ask = { model: "scripted", messages: [{ role: "user" as const, content: "Hi" }], store: true };
const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { error: { code: string; param: string | null } }).error,
});
const remove = (id: string) =>
  fetch(`${server.url}${path}/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${server.keys.project}` },
  });
const clear = async () => {
  for await (const { id } of completions.list()) await completions.delete(id);
};

describe("a chat completion with store: true", () => {
  test("can be retrieved as it was answered, under an id of our own", async () => {
    const made = await completions.create({ ...ask, metadata: { topic: "a\u0000" } });
    expect(made.id).toMatch(/^chatcmpl-[0-9a-f]{38}$/);
    expect(made as unknown).toEqual({ ...answer, id: made.id, metadata: { topic: "a\u0000" } });
    expect(chatCompletion.safeParse(made).success).toBe(true);
    expect(await completions.retrieve(made.id)).toEqual(made);
  });

  test("that is streamed is stored when its last event is out, as the answer that it was", async () => {
    const response = await server.post(path, { ...ask, stream: true });
    const chunks = await readChatStream(response);
    expect(chatText(chunks)).toBe("Hello there");
    const ids = new Set(chunks.map((chunk) => chunk.id as string));
    expect(ids.size).toBe(1);
    const [id = ""] = ids;
    expect((await completions.retrieve(id)) as unknown).toEqual({ ...answer, id, metadata: {} });
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", output_tokens: 2 });
  });

  test("that is streamed is stored with Unicode's own line and paragraph ends", async () => {
    const text = "one\u2028two\u2029\u0085three";
    provider.answer((_, response) => sendEvents(response, chatFrames([text])));
    const [chunk] = await readChatStream(await server.post(path, { ...ask, stream: true }));
    expect((await completions.retrieve(chunk?.id as string)).choices[0]?.message.content).toBe(text);
  });

  test("that is streamed by the SDK's helper gives the SDK what is stored", async () => {
    const final = await completions.stream(ask).finalChatCompletion();
    expect((await completions.retrieve(final.id)).choices[0]?.message.content).toBe("Hello there");
  });

  test("is stored here alone: the provider hears nothing of it", async () => {
    await completions.create({ ...ask, metadata: { topic: "a" } });
    expect(provider.calls[0]?.body).not.toHaveProperty("store");
    expect(provider.calls[0]?.body).not.toHaveProperty("metadata");
  });

  test("with several choices, tool calls, refusals and probabilities is put together from its stream", async () => {
    const base = { id: "c", object: "chat.completion.chunk", created: 1, model: "upstream", system_fingerprint: "fp" };
    const logprob = (token: string) => ({ token, bytes: null, logprob: -1, top_logprobs: [] });
    const chunk = (index: number, delta: object, finish: string | null = null, logprobs: object | null = null) =>
      `data: ${JSON.stringify({ ...base, choices: [{ index, delta, finish_reason: finish, logprobs }] })}\n\n`;
    const call = (index: number, rest: object) => ({ tool_calls: [{ index, ...rest }] });
    provider.answer((_, response) =>
      sendEvents(response, [
        chunk(1, { role: "assistant", refusal: "I" }),
        chunk(0, { role: "assistant", content: null }),
        chunk(0, call(0, { id: "call_a", type: "function", function: { name: "f", arguments: "" } })),
        chunk(0, call(1, { id: "call_b", type: "custom", custom: { name: "g", input: "x" } })),
        chunk(0, call(0, { function: { arguments: '{"a"' } })),
        chunk(0, call(1, { custom: { input: "y" } })),
        chunk(0, call(0, { function: { arguments: ":1}" } })),
        chunk(1, { refusal: " won't" }, null, { content: null, refusal: [logprob(" won't")] }),
        chunk(0, {}, "tool_calls"),
        chunk(1, {}, "stop"),
        "data: [DONE]\n\n",
      ]),
    );
    const streamed = await (await server.post(path, { ...ask, n: 2, stream: true })).text();
    const made = await completions.retrieve(/"id":"(chatcmpl-[0-9a-f]+)"/.exec(streamed)?.[1] ?? "");
    expect(chatCompletion.safeParse(made).success).toBe(true);
    expect(made).toMatchObject({ system_fingerprint: "fp", created: 1 });
    expect(made.choices as unknown).toEqual([
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [
            { id: "call_a", type: "function", function: { name: "f", arguments: '{"a":1}' } },
            { id: "call_b", type: "custom", custom: { name: "g", input: "xy" } },
          ],
        },
        logprobs: null,
        finish_reason: "tool_calls",
      },
      {
        index: 1,
        message: { role: "assistant", content: null, refusal: "I won't" },
        logprobs: { content: null, refusal: [logprob(" won't")] },
        finish_reason: "stop",
      },
    ]);
  });

  test("lists the messages that it answered", async () => {
    const parts = [
      { type: "text" as const, text: "What is this?" },
      { type: "image_url" as const, image_url: { url: "https://example.com/a.png" } },
    ];
    const made = await completions.create({
      ...ask,
      messages: [
        { role: "system", content: "Be brief", name: "rules" },
        { role: "user", content: parts },
      ],
    });
    const page = await completions.messages.list(made.id);
    expect(page.data as unknown[]).toEqual([
      { id: `${made.id}-0`, role: "system", content: "Be brief", content_parts: null, refusal: null, name: "rules" },
      { id: `${made.id}-1`, role: "user", content: null, content_parts: parts, refusal: null },
    ]);
    expect(chatMessageList.safeParse(await (await server.get(`${path}/${made.id}/messages`)).json()).success).toBe(
      true,
    );
    const newestFirst = [];
    for await (const { id } of completions.messages.list(made.id, { order: "desc", limit: 1 })) newestFirst.push(id);
    expect(newestFirst).toEqual([`${made.id}-1`, `${made.id}-0`]);
  });

  test("gets other metadata, or none", async () => {
    const made = await completions.create({ ...ask, metadata: { topic: "a" } });
    expect((await completions.update(made.id, { metadata: { topic: "b" } })).metadata).toEqual({ topic: "b" });
    expect((await completions.retrieve(made.id)).metadata).toEqual({ topic: "b" });
    expect((await completions.update(made.id, { metadata: null })).metadata).toEqual({});
  });

  test("that is deleted is gone", async () => {
    const made = await completions.create(ask);
    expect(await completions.delete(made.id)).toEqual({
      id: made.id,
      object: "chat.completion.deleted",
      deleted: true,
    });
    expect((await server.get(`${path}/${made.id}`)).status).toBe(404);
    expect((await remove(made.id)).status).toBe(404);
  });
});

describe("a chat completion with store: true, of a model that speaks Responses only", () => {
  const asked = { ...ask, model: "responding", metadata: { topic: "a" } };
  beforeEach(() => {
    provider.answer((call, response) =>
      call.body.stream === true
        ? sendEvents(response, providerResponseFrames(["Hello", " there"]))
        : void response
            .writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify(providerResponse(["Hello", " there"]))),
    );
  });

  test("is stored as it was answered, and the provider stores nothing", async () => {
    const made = await completions.create(asked);
    expect(made).toMatchObject({ metadata: { topic: "a" }, choices: [{ message: { content: "Hello there" } }] });
    expect(await completions.retrieve(made.id)).toEqual(made);
    expect(provider.calls[0]?.body).toMatchObject({ store: false });
    expect(provider.calls[0]?.body).not.toHaveProperty("metadata");
  });

  test("is stored as it was streamed, with its usage", async () => {
    const chunks = await readChatStream(await server.post(path, { ...asked, stream: true }));
    const made = await completions.retrieve(chunks[0]?.id as string);
    expect(made).toMatchObject({
      choices: [{ message: { content: "Hello there" }, finish_reason: "stop" }],
      usage: { completion_tokens: 2 },
    });
  });

  test("is not stored where it breaks off", async () => {
    await clear();
    provider.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello"]).slice(0, 5)));
    expect(await (await server.post(path, { ...asked, stream: true })).text()).toContain('"error"');
    expect((await completions.list()).data).toEqual([]);
  });
});

describe("stored chat completions are listed", () => {
  test("in both orders, page by page, and none that was not to be stored", async () => {
    await clear();
    await completions.create({ ...ask, store: false });
    await completions.create({ model: ask.model, messages: ask.messages });
    const ids: string[] = [];
    for (let made = 0; made < 5; made++) ids.push((await completions.create(ask)).id);
    for (const order of ["asc", "desc"] as const) {
      const listed: string[] = [];
      for await (const { id } of completions.list({ order, limit: 2 })) listed.push(id);
      expect(listed).toEqual(order === "asc" ? ids : ids.toReversed());
    }
    expect(await (await server.get(`${path}?limit=5`)).json()).toMatchObject({
      object: "list",
      has_more: false,
      first_id: ids[0],
      last_id: ids[4],
    });
  });

  test("by model, by metadata, and by both", async () => {
    await clear();
    const make = async (model: string, metadata: Record<string, string>) =>
      (await completions.create({ ...ask, model, metadata })).id;
    const a = await make("scripted", { topic: "x", "k[1]": 'quote " and \\' });
    const b = await make("other", { topic: "x" });
    const c = await make("other", { topic: "y", more: "x" });
    const listed = async (query: ChatCompletionListParams) => (await completions.list(query)).data.map(({ id }) => id);
    expect(await listed({ model: "other" })).toEqual([b, c]);
    expect(await listed({ metadata: { topic: "x" } })).toEqual([a, b]);
    expect(await listed({ metadata: { topic: "x" }, model: "other" })).toEqual([b]);
    expect(await listed({ metadata: { topic: "y", more: "x" } })).toEqual([c]);
    expect(await listed({ metadata: { topic: "nothing" } })).toEqual([]);
    expect(await listed({ metadata: { topic: "x\0" } })).toEqual([]);
    expect(await listed({ model: "no\0ne" })).toEqual([]);
  });
});

describe("what breaks off is not stored", () => {
  const listed = async () => (await completions.list({ limit: 100 })).data.length;

  test("a stream that ends too soon, or with an error in it", async () => {
    await clear();
    const told = `data: ${JSON.stringify({ error: { message: "died" } })}\n\n`;
    for (const frames of [
      chatFrames(["a"]).slice(0, 2),
      [...chatFrames(["a"]).slice(0, 2), told, "data: [DONE]\n\n"],
    ]) {
      provider.answer((_, response) => sendEvents(response, frames));
      const text = await (await server.post(path, { ...ask, stream: true })).text();
      expect(text).toContain('"code":"upstream_failed"');
    }
    expect(await listed()).toBe(0);
  });

  test("a stream whose chunk is no JSON: it ends with an error, and is booked as failed", async () => {
    await clear();
    provider.answer((_, response) => sendEvents(response, [...chatFrames(["a"]).slice(0, 2), "data: { oops\n\n"]));
    const response = await server.post(path, { ...ask, stream: true });
    expect(await response.text()).toContain('"error"');
    expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
    expect(await listed()).toBe(0);
  });

  test("an answer that is none", async () => {
    await clear();
    provider.answer((_, response) => void response.writeHead(200).end('{"object":"something"}'));
    expect(await errorOf(await server.post(path, ask))).toMatchObject({ status: 502, code: "upstream_failed" });
    expect(await listed()).toBe(0);
  });
});

describe("what can't be done is refused", () => {
  const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"]));

  test("an unknown id, a deleted one, and one that none can have", async () => {
    const made = await completions.create(ask);
    await completions.delete(made.id);
    for (const id of ["chatcmpl-unknown", made.id, "chatcmpl-%00"]) {
      for (const response of [
        await server.get(`${path}/${id}`),
        await server.get(`${path}/${id}/messages`),
        await server.post(`${path}/${id}`, { metadata: {} }),
        await remove(id),
      ]) {
        expect(await errorOf(response)).toMatchObject({ status: 404, code: "not_found", param: "completion_id" });
      }
    }
  });

  test.each([
    ["?limit=0", "integer_below_min_value", "limit"],
    ["?limit=-1", "integer_below_min_value", "limit"],
    ["?limit=1000000000000", "integer_above_max_value", "limit"],
    ["?after=chatcmpl-nobody", "invalid_value", "after"],
    ["?order=best", "invalid_value", "order"],
    ["?metadata=x", "invalid_type", "metadata"],
    [
      `?${new URLSearchParams(Object.keys(pairs).map((key) => [`metadata[${key}]`, "v"]))}`,
      "object_above_max_properties",
      "metadata",
    ],
    ["?models=x", "unknown_parameter", "models"],
  ])("a list of %s", async (query, code, param) => {
    expect(await errorOf(await server.get(path + query))).toMatchObject({ status: 400, code, param });
  });

  test("the messages of one completion after a message of another", async () => {
    const [one, other] = [await completions.create(ask), await completions.create(ask)];
    const response = await server.get(`${path}/${one.id}/messages?after=${other.id}-0`);
    expect(await errorOf(response)).toMatchObject({ status: 400, code: "invalid_value", param: "after" });
  });

  test.each([
    [{}, "missing_required_parameter", "metadata"],
    [{ metadata: pairs }, "object_above_max_properties", "metadata"],
    [{ metadata: { a: 1 } }, "invalid_type", "metadata.a"],
    [{ metadata: {}, model: "other" }, "unknown_parameter", "model"],
  ])("a change of %j", async (body, code, param) => {
    const made = await completions.create({ ...ask, metadata: { topic: "kept" } });
    expect(await errorOf(await server.post(`${path}/${made.id}`, body))).toMatchObject({ status: 400, code, param });
    expect((await completions.retrieve(made.id)).metadata).toEqual({ topic: "kept" });
  });
});
