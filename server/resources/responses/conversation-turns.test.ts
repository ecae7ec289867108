import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import { inPlatform } from "../../database/tenant.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { providerResponse, providerResponseFrames } from "./provider-responses.fixture.ts";

const chatOnly = await startScriptedProvider();
const native = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: chatty, base_url: "${chatOnly.baseUrl}", apis: [chat] }
  - { name: native, base_url: "${native.baseUrl}", apis: [responses] }
models:
  - { name: chatty, provider: chatty }
  - { name: native, provider: native }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await chatOnly[Symbol.asyncDispose]();
  await native[Symbol.asyncDispose]();
});
beforeEach(() => {
  chatOnly.calls.length = 0;
  native.calls.length = 0;
  chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Hello"])));
  native.answer((call, response) => {
    if (call.body.stream === true) return sendEvents(response, providerResponseFrames(["Hello"]));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(providerResponse(["Hello"])));
  });
});

const { conversations, responses } = server.client;
const path = "/v1/responses";
const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { error: { code: string; param: string | null } }).error,
});

type Told = { role?: string; content?: string | { text: string }[] };
const linesOf = (items: readonly unknown[]) =>
  (items as Told[]).map(({ role, content }) => {
    const text = typeof content === "string" ? content : (content ?? []).map((part) => part.text).join("");
    return `${role}: ${text}`;
  });
const linesIn = async (conversation: string) =>
  linesOf((await conversations.items.list(conversation, { order: "asc", limit: 100 })).data);
/** What each lane was asked last. */
const asked = (model: string) => {
  const body = (model === "chatty" ? chatOnly : native).calls.at(-1)?.body;
  return linesOf((body?.messages ?? body?.input) as unknown[]);
};

describe.each(["chatty", "native"])("a response in a conversation, on the %s lane", (model) => {
  test("reads what was said before, and adds its input and output", async () => {
    const { id } = await conversations.create({ items: [{ role: "user", content: "Zero" }] });
    const made = await responses.create({ model, input: "One", conversation: id, instructions: "Be brief" });
    expect(made.conversation).toEqual({ id });
    expect(await responses.retrieve(made.id)).toEqual(made);
    expect(await linesIn(id)).toEqual(["user: Zero", "user: One", "assistant: Hello"]);
    await readResponseStream(await server.post(path, { model, input: "Two", conversation: { id }, stream: true }));
    expect(asked(model)).toEqual(["user: Zero", "user: One", "assistant: Hello", "user: Two"]);
    expect(await linesIn(id)).toEqual(["user: Zero", "user: One", "assistant: Hello", "user: Two", "assistant: Hello"]);
    const sent = native.calls.at(-1)?.body ?? {};
    expect(sent).not.toHaveProperty("conversation");
  });

  test("lists the conversation before it as its input, under the conversation's ids", async () => {
    const { id } = await conversations.create({ items: [{ role: "user", content: "Zero" }] });
    const made = await responses.create({ model, input: "One", conversation: id });
    const [zero, one] = (await conversations.items.list(id, { order: "asc" })).data;
    const input = await responses.inputItems.list(made.id, { order: "asc" });
    expect(input.data as unknown[]).toEqual([zero, one]);
  });

  test("can be continued without the conversation, which then stays as it is", async () => {
    const { id } = await conversations.create({ items: [{ role: "user", content: "Zero" }] });
    const made = await responses.create({ model, input: "One", conversation: id });
    await responses.create({ model, input: "Later", conversation: id });
    await responses.create({ model, input: "Aside", previous_response_id: made.id });
    expect(asked(model)).toEqual(["user: Zero", "user: One", "assistant: Hello", "user: Aside"]);
    expect(await linesIn(id)).toHaveLength(5);
    await conversations.delete(id);
    expect(await responses.retrieve(made.id)).toEqual(made);
    const next = await server.post(path, { model, input: "x", previous_response_id: made.id });
    expect(await errorOf(next)).toMatchObject({ status: 400, code: "previous_response_not_found" });
  });

  test("that is not stored is still said in the conversation; one that is deleted stays said", async () => {
    const { id } = await conversations.create();
    const unstored = await responses.create({ model, input: "One", conversation: id, store: false });
    expect((await server.get(`${path}/${unstored.id}`)).status).toBe(404);
    const stored = await responses.create({ model, input: "Two", conversation: id });
    await responses.delete(stored.id);
    expect(await linesIn(id)).toEqual(["user: One", "assistant: Hello", "user: Two", "assistant: Hello"]);
  });

  test("whose item is taken out of the conversation keeps it", async () => {
    const { id } = await conversations.create();
    const made = await responses.create({ model, input: "One", conversation: id });
    for (const item of (await conversations.items.list(id)).data as { id: string }[]) {
      await conversations.items.delete(item.id, { conversation_id: id });
    }
    expect(await linesIn(id)).toEqual([]);
    expect(await responses.retrieve(made.id)).toEqual(made);
  });

  test("that fails adds nothing, and lets the conversation go", async () => {
    const { id } = await conversations.create();
    const refuse = (response: import("node:http").ServerResponse) => void response.writeHead(500).end();
    chatOnly.answer((_, response) => refuse(response));
    native.answer((_, response) => refuse(response));
    expect((await server.post(path, { model, input: "One", conversation: id })).status).toBe(502);
    chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Hello"]).slice(0, 2)));
    native.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello"]).slice(0, 5)));
    const events = await readResponseStream(
      await server.post(path, { model, input: "One", conversation: id, stream: true }),
    );
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: { conversation: { id } } });
    expect(await linesIn(id)).toEqual([]);
    expect((await conversations.items.create(id, { items: [{ role: "user", content: "Again" }] })).data).toHaveLength(
      1,
    );
  });

  test("is made alone: of many at once one is answered, and none is mixed into it", async () => {
    const { id } = await conversations.create();
    const gate = Promise.withResolvers<void>();
    chatOnly.answer(async (_, response) => {
      await gate.promise;
      await sendEvents(response, chatFrames(["Hello"]));
    });
    native.answer(async (_, response) => {
      await gate.promise;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(providerResponse(["Hello"])));
    });
    const inputs = Array.from({ length: 8 }, (_, index) => `Number ${index}`);
    const answers = inputs.map((input) => server.post(path, { model, input, conversation: id }));
    // Seven are refused while the one that runs waits at its gate.
    const refused: Response[] = [];
    const running = new Set(answers.map((answer, index) => answer.then((response) => ({ response, index }))));
    const byIndex = [...running];
    while (refused.length < inputs.length - 1) {
      const { response, index } = await Promise.race(running);
      running.delete(byIndex[index] as (typeof byIndex)[number]);
      refused.push(response);
    }
    for (const response of refused) {
      expect(await errorOf(response)).toMatchObject({
        status: 400,
        code: "conversation_locked",
        param: "conversation",
      });
    }
    const added = server.post(`/v1/conversations/${id}/items`, { items: [{ role: "user", content: "Between" }] });
    expect(await errorOf(await added)).toMatchObject({ status: 400, code: "conversation_locked" });
    gate.resolve();
    const [last] = await Promise.all(running);
    expect(last?.response.status).toBe(200);
    expect(await linesIn(id)).toEqual([`user: ${inputs[last?.index ?? -1]}`, "assistant: Hello"]);
    expect((await responses.create({ model, input: "Next", conversation: id })).status).toBe("completed");
  });

  test("whose conversation is deleted meanwhile is kept all the same", async () => {
    const { id } = await conversations.create();
    chatOnly.answer(async (_, response) => {
      await conversations.delete(id);
      await sendEvents(response, chatFrames(["Hello"]));
    });
    native.answer(async (_, response) => {
      await conversations.delete(id);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(providerResponse(["Hello"])));
    });
    const made = await responses.create({ model, input: "One", conversation: id });
    expect(await responses.retrieve(made.id)).toEqual(made);
  });
});

test("what a provider's server adds to its items is no reason to end the conversation", async () => {
  const { id } = await conversations.create();
  const whole = providerResponse(["Hello"]);
  const output = whole.output.map((item) => ({ ...item, vendor: { trace: 1 } }));
  native.answer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...whole, output }));
  });
  await responses.create({ model: "native", input: "One", conversation: id });
  await responses.create({ model: "native", input: "Two", conversation: id });
  expect(asked("native")).toEqual(["user: One", "assistant: Hello", "user: Two"]);
});

test("a conversation whose process died while it answered is free again when its hold has run out", async () => {
  const { id } = await conversations.create();
  const hold = (until: "future" | "past") =>
    inPlatform(server.foundation.database.db, (transaction) =>
      sql`update conversations set held_by = 'req_dead',
        held_until = now() + ${until === "future" ? 60 : -1}::integer * interval '1 second' where id = ${id}`.execute(
        transaction,
      ),
    );
  await hold("future");
  const locked = await server.post(path, { model: "chatty", input: "One", conversation: id });
  expect(await errorOf(locked)).toMatchObject({ code: "conversation_locked" });
  expect(chatOnly.calls).toHaveLength(0);
  await hold("past");
  expect((await responses.create({ model: "chatty", input: "One", conversation: id })).status).toBe("completed");
});

test("a caller who leaves lets the conversation go, and nothing is said in it", async () => {
  const { id } = await conversations.create();
  chatOnly.answer(async (call, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chatFrames(["word"])[1]);
    await call.closed;
  });
  const abort = new AbortController();
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "chatty", input: "One", conversation: id, stream: true }),
    signal: abort.signal,
  });
  await response.body?.getReader().read();
  abort.abort();
  await chatOnly.calls[0]?.closed;
  const items = { items: [{ role: "user", content: "Next" }] };
  let next = await server.post(`/v1/conversations/${id}/items`, items);
  while (next.status === 400) next = await server.post(`/v1/conversations/${id}/items`, items);
  expect(await linesIn(id)).toEqual(["user: Next"]);
});

test("a turn is kept once, however long the conversation grows", async () => {
  const { id } = await conversations.create();
  const text = "x".repeat(2_000);
  chatOnly.answer((_, response) => sendEvents(response, chatFrames([text])));
  const turns = 20;
  for (let turn = 0; turn < turns; turn++) {
    await responses.create({ model: "chatty", input: text, conversation: id });
  }
  const stored = await inPlatform(server.foundation.database.db, async (transaction) => {
    const { rows } = await sql<{ bytes: string }>`
      select (select sum(length(body)) from conversation_items where conversation_id = ${id})
        + (select sum(length(body) + length(input_items)) from responses where conversation_id = ${id}) as bytes`.execute(
      transaction,
    );
    return Number(rows[0]?.bytes);
  });
  expect(stored / (turns * 2 * text.length)).toBeLessThan(1.5);
});

describe("what can't be answered in a conversation is refused before the model is asked", () => {
  test.each([
    ["an unknown conversation", { conversation: "conv_unknown" }, 404, "not_found"],
    ["an id that none can have", { conversation: { id: "conv_\0" } }, 404, "not_found"],
    [
      "a previous response too",
      { conversation: "conv_1", previous_response_id: "resp_1" },
      400,
      "mutually_exclusive_parameters",
    ],
    ["an empty id", { conversation: "" }, 400, "empty_string"],
    ["a conversation with more than its id", { conversation: { id: "conv_1", title: "x" } }, 400, "unknown_parameter"],
  ])("%s", async (_, extra, status, code) => {
    const response = await server.post(path, { model: "chatty", input: "x", ...extra });
    expect(await errorOf(response)).toMatchObject({ status, code });
    expect(chatOnly.calls).toHaveLength(0);
  });

  test("a deleted conversation", async () => {
    const { id } = await conversations.create();
    await conversations.delete(id);
    const response = await server.post(path, { model: "chatty", input: "x", conversation: id });
    expect(await errorOf(response)).toMatchObject({ status: 404, code: "not_found" });
  });

  test("a conversation that holds what this model could not have been sent", async () => {
    const fileOfAnother = { type: "input_image" as const, file_id: "file-1", detail: "low" as const };
    const { id } = await conversations.create({ items: [{ role: "user", content: [fileOfAnother] }] });
    for (const model of ["chatty", "native"]) {
      const response = await server.post(path, { model, input: "x", conversation: id });
      expect(await errorOf(response)).toMatchObject({
        status: 400,
        code: "unsupported_parameter",
        param: "conversation",
      });
    }
    const calling = await conversations.create({
      items: [{ type: "function_call", call_id: "call_1", name: "f", arguments: "{}" }],
    });
    const unanswered = await server.post(path, { model: "chatty", input: "x", conversation: calling.id });
    expect(await errorOf(unanswered)).toMatchObject({ status: 400, code: "invalid_value", param: "conversation" });
    expect([...chatOnly.calls, ...native.calls]).toHaveLength(0);
  });

  test("an item that the conversation has already; it is not held then", async () => {
    const item = {
      type: "message" as const,
      id: "msg_mine",
      role: "assistant" as const,
      status: "completed" as const,
      content: [{ type: "output_text" as const, text: "x", annotations: [] }],
    };
    const { id } = await conversations.create({ items: [item] });
    const response = await server.post(path, { model: "chatty", input: [item], conversation: id });
    expect(await errorOf(response)).toMatchObject({ status: 400, code: "invalid_value", param: "input" });
    expect(chatOnly.calls).toHaveLength(0);
    await responses.create({ model: "chatty", input: "x", conversation: id });
  });
});

test("an item of a conversation can be referred to, outside of it too", async () => {
  const { id } = await conversations.create({ items: [{ role: "user", content: "Zero" }] });
  const [zero] = (await conversations.items.list(id)).data as { id: string }[];
  const made = await responses.create({ model: "chatty", input: "One", conversation: id });
  const [said] = made.output;
  const input = [
    { type: "item_reference" as const, id: zero?.id ?? "" },
    { type: "item_reference" as const, id: said?.id ?? "" },
  ];
  await responses.create({ model: "chatty", input: [...input, { role: "user", content: "Two" }] });
  expect(asked("chatty")).toEqual(["user: Zero", "assistant: Hello", "user: Two"]);
});

test("a tool is called and answered within a conversation", async () => {
  const { id } = await conversations.create();
  const tools = [{ type: "function" as const, name: "f", parameters: null, strict: false }];
  const call = { index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
  const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
  const chunk = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  chatOnly.answer((_, response) =>
    sendEvents(response, [
      chunk({ role: "assistant", tool_calls: [call] }, null),
      chunk({}, "tool_calls"),
      "data: [DONE]\n\n",
    ]),
  );
  await responses.create({ model: "chatty", input: "Call it", conversation: id, tools });
  chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Done"])));
  const output = { type: "function_call_output" as const, call_id: "call_1", output: "42" };
  await responses.create({ model: "chatty", input: [output], conversation: id, tools });
  expect(asked("chatty").map((line) => line.split(":")[0])).toEqual(["user", "assistant", "tool"]);
  const kinds = (await conversations.items.list(id, { order: "asc" })).data.map(({ type }) => type);
  expect(kinds).toEqual(["message", "function_call", "function_call_output", "message"]);
});
