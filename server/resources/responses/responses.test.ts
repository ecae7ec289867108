import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { APIError } from "openai";
import { inPlatform } from "../../database/tenant.ts";
import { insertProject } from "../../identity/identity-store.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";
import { providerResponse, providerResponseFrames } from "./provider-responses.fixture.ts";

const chatOnly = await startScriptedProvider();
const native = await startScriptedProvider();
const yaml = [
  chatOnly.yaml(["chat"], "chatty"),
  native
    .yaml(["responses"], "native")
    .replaceAll("provider\n", "native\n")
    .replaceAll("name: provider", "name: native"),
];
const server = await startTestServer({
  yaml: `providers:\n${section(yaml, "providers")}models:\n${section(yaml, "models")}`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await chatOnly[Symbol.asyncDispose]();
  await native[Symbol.asyncDispose]();
});
beforeEach(() => {
  chatOnly.calls.length = 0;
  native.calls.length = 0;
  chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Hello", " there"])));
  native.answer((call, response) => {
    if (call.body.stream === true) return sendEvents(response, providerResponseFrames(["Hello", " there"]));
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(providerResponse(["Hello", " there"])));
  });
});

function section(texts: readonly string[], name: "providers" | "models"): string {
  return texts
    .map(
      (text) =>
        (name === "providers" ? text.split("providers:\n")[1]?.split("models:\n")[0] : text.split("models:\n")[1]) ??
        "",
    )
    .join("");
}

const path = "/v1/responses";

/** What each lane was asked for last, as the text of each message. */
function lastInput(model: string): string[] {
  const body = (model === "chatty" ? chatOnly : native).calls.at(-1)?.body;
  const messages = (body?.messages ?? body?.input) as { role: string; content: string | { text: string }[] }[];
  return messages.map(
    ({ role, content }) =>
      `${role}: ${typeof content === "string" ? content : content.map((part) => part.text).join("")}`,
  );
}

describe.each(["chatty", "native"])("a response of a model on the %s lane", (model) => {
  const ask = { model, input: "Say hello" };

  test("has every field, is booked, and can be retrieved as it was", async () => {
    const response = await server.post(path, { ...ask, metadata: { a: "b" } });
    const made = (await response.json()) as Record<string, unknown>;
    expect(made).toMatchObject({
      object: "response",
      status: "completed",
      store: true,
      previous_response_id: null,
      error: null,
    });
    expect(made.id).toMatch(/^resp_[0-9a-f]{50}$/);
    expect(await (await server.get(`${path}/${made.id}`)).json()).toEqual(made);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: false, output_tokens: 2 });
  });

  test("streams by the grammar, and is stored when its last event is out", async () => {
    const events = await readResponseStream(await server.post(path, { ...ask, stream: true }));
    expect(events.map((event) => event.type)).toEqual([
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
    const final = events.at(-1)?.response as { id: string };
    expect(await (await server.get(`${path}/${final.id}`)).json()).toEqual(final);
  });

  test("says again what the caller attached to it, whole and streamed", async () => {
    const attached = {
      metadata: { a: "b" },
      user: "user-1",
      safety_identifier: "safe-1",
      prompt_cache_key: "key-1",
      store: false,
    };
    expect(await (await server.post(path, { ...ask, ...attached })).json()).toMatchObject(attached);
    const events = await readResponseStream(await server.post(path, { ...ask, ...attached, stream: true }));
    for (const event of [events[0], events.at(-1)]) expect(event?.response).toMatchObject(attached);
  });

  test("can't be continued while it still runs, and can as soon as it has ended", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const frames = model === "chatty" ? chatFrames(["Hello", " there"]) : providerResponseFrames(["Hello", " there"]);
    (model === "chatty" ? chatOnly : native).answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const frame of frames.slice(0, 3)) response.write(frame);
      await promise;
      response.end(frames.slice(3).join(""));
    });
    const response = await server.post(path, { ...ask, stream: true });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = async (until: string): Promise<string> => {
      let text = "";
      while (!text.includes(until)) text += new TextDecoder().decode((await reader.read()).value);
      return text;
    };
    const id = /"id":"(resp_[0-9a-f]+)"/.exec(await read("response.created"))?.[1];
    const next = { ...ask, previous_response_id: id, store: false, stream: true };
    const early = await server.post(path, next);
    expect(early.status).toBe(400);
    expect(await early.json()).toMatchObject({
      error: { code: "previous_response_not_found", param: "previous_response_id" },
    });
    resolve();
    await read("response.completed");
    expect((await server.post(path, next)).status).toBe(200);
  });

  test("is understood by the official SDK", async () => {
    const made = await server.client.responses.create(ask);
    expect(made.output_text).toBe("Hello there");
    const stream = server.client.responses.stream(ask);
    expect((await stream.finalResponse()).output_text).toBe("Hello there");
  });

  test("goes on from an earlier one: what was said is sent, instructions are not", async () => {
    const first = await server.client.responses.create({ ...ask, instructions: "Be brief" });
    const second = await server.client.responses.create({ model, input: "Again", previous_response_id: first.id });
    const third = await server.client.responses.create({ model, input: "And again", previous_response_id: second.id });
    expect(third.previous_response_id).toBe(second.id);
    expect(lastInput(model)).toEqual([
      "user: Say hello",
      "assistant: Hello there",
      "user: Again",
      "assistant: Hello there",
      "user: And again",
    ]);
  });

  test("with store: false leaves nothing behind and can't be continued", async () => {
    const made = await server.client.responses.create({ ...ask, store: false });
    expect((await server.get(`${path}/${made.id}`)).status).toBe(404);
    const next = await server.post(path, { ...ask, previous_response_id: made.id });
    expect(await next.json()).toMatchObject({
      error: { code: "previous_response_not_found", param: "previous_response_id" },
    });
  });
});

describe("a chain", () => {
  test("goes on with a model of the other lane", async () => {
    const first = await server.client.responses.create({ model: "native", input: "One" });
    await server.client.responses.create({ model: "chatty", input: "Two", previous_response_id: first.id });
    expect(lastInput("chatty")).toEqual(["user: One", "assistant: Hello there", "user: Two"]);
  });

  test("whose middle was deleted is refused instead of forgetting in silence", async () => {
    const first = await server.client.responses.create({ model: "chatty", input: "One" });
    const second = await server.client.responses.create({
      model: "chatty",
      input: "Two",
      previous_response_id: first.id,
    });
    expect(
      await (
        await fetch(`${server.url}${path}/${first.id}`, {
          method: "DELETE",
          headers: { authorization: `Bearer ${server.keys.project}` },
        })
      ).json(),
    ).toEqual({
      id: first.id,
      object: "response",
      deleted: true,
    });
    expect((await server.get(`${path}/${first.id}`)).status).toBe(404);
    const next = await server.post(path, { model: "chatty", input: "Three", previous_response_id: second.id });
    expect(next.status).toBe(400);
    expect(chatOnly.calls).toHaveLength(2);
  });
});

describe("another project", () => {
  test("finds, continues and deletes nothing, in the words for an unknown id", async () => {
    const made = await server.client.responses.create({ model: "chatty", input: "Secret" });
    const organizationId = (await server.get("/v1/models")).headers.get("openai-organization") ?? "";
    await inPlatform(server.foundation.database.db, (transaction) =>
      insertProject(transaction, { id: "proj_other", organizationId, name: "Other" }),
    );
    const { key } = await server.foundation.keys.create({ name: "other", projectId: "proj_other" });
    const headers = { authorization: `Bearer ${key}` };
    while ((await server.get("/v1/models", headers)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const unknown = "resp_unknown";
    const answerTo = async (id: string, send: (id: string) => Promise<Response>) => {
      const response = await send(id);
      return { status: response.status, body: (await response.text()).replaceAll(id, "ID") };
    };
    const sends = [
      (id: string) => server.get(`${path}/${id}`, headers),
      (id: string) => fetch(`${server.url}${path}/${id}`, { method: "DELETE", headers }),
      (id: string) => server.post(path, { model: "chatty", input: "x", previous_response_id: id }, headers),
    ];
    for (const send of sends) expect(await answerTo(made.id, send)).toEqual(await answerTo(unknown, send));
    expect((await server.get(`${path}/${made.id}`)).status).toBe(200);
  });
});

describe("a provider that stores responses itself", () => {
  test("is told to store nothing, and sees no id of ours", async () => {
    const first = await server.client.responses.create({ model: "native", input: "One" });
    await server.client.responses.create({ model: "native", input: "Two", previous_response_id: first.id });
    expect(native.calls[1]?.body).toMatchObject({ store: false, model: "upstream-native" });
    expect(native.calls[1]?.body).not.toHaveProperty("previous_response_id");
    expect(first.id).not.toBe("resp_upstream");
  });
});

test("what hosted tools left in a conversation is passed on to a model that may read it, and kept as it was", async () => {
  const searched = {
    type: "web_search_call",
    id: "ws_1",
    status: "completed",
    action: { type: "search", query: "mills" },
  };
  const input = [searched, { role: "user", content: "And?" }];
  const first = (await (await server.post(path, { model: "native", input })).json()) as { id: string };
  expect(native.calls[0]?.body.input).toEqual(input);
  await server.post(path, { model: "native", input: "On", previous_response_id: first.id });
  expect(native.calls[1]?.body).toMatchObject({ input: [searched, { role: "user" }, { role: "assistant" }, {}] });
  const other = await server.post(path, { model: "chatty", input: "On", previous_response_id: first.id });
  expect(await other.json()).toMatchObject({
    error: { code: "unsupported_parameter", param: "previous_response_id" },
  });
});

describe("a model that breaks off", () => {
  const cut = chatFrames(["Hello", " there"]).slice(0, 3);

  test("in a stream: error and response.failed, and the failed response is stored", async () => {
    chatOnly.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const frame of cut) response.write(frame);
      await new Promise((resolve) => setTimeout(resolve, 50));
      response.destroy();
    });
    const response = await server.post(path, { model: "chatty", input: "x", stream: true });
    const events = await readResponseStream(response);
    expect(events.slice(-2).map((event) => event.type)).toEqual(["error", "response.failed"]);
    const failed = events.at(-1)?.response as { id: string };
    expect(await (await server.get(`${path}/${failed.id}`)).json()).toEqual(failed);
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", estimated: true });
  });

  test("through the relay: the stream ends with error and response.failed in their numbers", async () => {
    native.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello"]).slice(0, 5)));
    const events = await readResponseStream(await server.post(path, { model: "native", input: "x", stream: true }));
    expect(events.slice(-5).map((event) => event.type)).toEqual([
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "error",
      "response.failed",
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ status: "incomplete", content: [{ text: "Hello" }] }] },
    });
  });

  test("in a plain request: a clear 5xx", async () => {
    chatOnly.answer((_, response) => sendEvents(response, cut));
    const response = await server.post(path, { model: "chatty", input: "x" });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_failed" } });
  });

  test("the official SDK throws", async () => {
    chatOnly.answer((_, response) => sendEvents(response, cut));
    const stream = server.client.responses.stream({ model: "chatty", input: "x" });
    expect(stream.finalResponse()).rejects.toThrow(APIError);
  });
});

test("a model that tells no usage is answered for all the same, with our own count, booked as estimated", async () => {
  chatOnly.answer((_, response) =>
    sendEvents(
      response,
      chatFrames(["Hello", " there"]).filter((frame) => !frame.includes('"choices":[]')),
    ),
  );
  const response = await server.post(path, { model: "chatty", input: "x" });
  expect(await response.json()).toMatchObject({ status: "completed", usage: { output_tokens: 2 } });
  expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: true, output_tokens: 2 });
});

test("max_output_tokens ends a response as incomplete", async () => {
  chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Hello"], { finish: "length" })));
  const events = await readResponseStream(
    await server.post(path, { model: "chatty", input: "x", stream: true, max_output_tokens: 16 }),
  );
  expect(events.at(-1)).toMatchObject({
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, max_output_tokens: 16 },
  });
});

describe("a caller that leaves", () => {
  test("ends the model's work; what was made is stored as cancelled and booked", async () => {
    chatOnly.answer(async (call, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write(chatFrames(["word "])[1]), 5);
      await call.closed;
      clearInterval(timer);
    });
    const abort = new AbortController();
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "chatty", input: "x", stream: true }),
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    let text = "";
    while (!text.includes("output_text.delta")) text += new TextDecoder().decode((await reader?.read())?.value);
    const id = /"id":"(resp_[0-9a-f]+)"/.exec(text)?.[1];
    abort.abort();
    await chatOnly.calls[0]?.closed;
    expect(await usageOf(server, response)).toMatchObject({ status: "client_left", estimated: true });
    expect(await (await server.get(`${path}/${id}`)).json()).toMatchObject({ id, status: "cancelled" });
  });
});

describe("what can't be done is refused", () => {
  const refusals: [string, Record<string, unknown>, number, string, string][] = [
    ["no model", { model: undefined }, 400, "missing_required_parameter", "model"],
    ["no input", { input: undefined }, 400, "missing_required_parameter", "input"],
    ["an unknown model", { model: "nobody" }, 404, "model_not_found", "model"],
    [
      "an unknown previous response",
      { previous_response_id: "resp_0" },
      400,
      "previous_response_not_found",
      "previous_response_id",
    ],
    ["the background without storage", { background: true, store: false }, 400, "unsupported_parameter", "background"],
    ["a hosted tool", { tools: [{ type: "web_search" }] }, 400, "unsupported_parameter", "tools"],
    [
      "an image of the provider's account",
      { input: [{ role: "user", content: [{ type: "input_image", file_id: "file-1" }] }] },
      400,
      "unsupported_parameter",
      "input[0].content[0].file_id",
    ],
  ];
  test.each(refusals)("%s", async (_, extra, status, code, param) => {
    const response = await server.post(path, { model: "chatty", input: "x", ...extra });
    const { error } = (await response.json()) as { error: { code: string; param: string } };
    expect({ status: response.status, code: error.code }).toEqual({ status, code });
    expect(error.param).toStartWith(param);
    expect(chatOnly.calls).toHaveLength(0);
  });
});

describe("a provider's stream that can't be passed on", () => {
  const ask = { model: "native", input: "Say hello", stream: true };

  test("because an event is no JSON ends with error and response.failed, and is booked so", async () => {
    native.answer((_, response) =>
      sendEvents(response, [
        ...providerResponseFrames(["Hello"]).slice(0, 5),
        'event: response.completed\ndata: {"type":"response.completed","response":{ oops\n\n',
      ]),
    );
    const response = await server.post(path, ask);
    const events = await readResponseStream(response);
    expect(events.slice(-2).map((event) => event.type)).toEqual(["error", "response.failed"]);
    expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
  });

  test("because it can't be stored ends with error and response.failed", async () => {
    native.answer((_, response) =>
      sendEvents(
        response,
        // No text of the database can hold a NUL.
        providerResponseFrames(["Hello"]).map((frame) => frame.replaceAll("upstream-native", "a\\u0000b")),
      ),
    );
    const events = await readResponseStream(await server.post(path, ask));
    expect(events.slice(-2)).toMatchObject([
      { type: "error", error: { code: "storage_unavailable" } },
      { type: "response.failed" },
    ]);
  });
});

test("a provider's text with Unicode's own line and paragraph ends is passed on and stored whole", async () => {
  const words = ["one\u2028two", "\u2029\u0085three"];
  native.answer((_, response) => sendEvents(response, providerResponseFrames(words)));
  const events = await readResponseStream(await server.post(path, { model: "native", input: "x", stream: true }));
  const whole = events.at(-1)?.response as { id: string };
  expect(whole).toMatchObject({ status: "completed", output: [{ content: [{ text: words.join("") }] }] });
  expect(await (await server.get(`${path}/${whole.id}`)).json()).toEqual(whole);
});

test("[DONE] behind a provider's last event is not passed on", async () => {
  native.answer((_, response) => {
    const frames = providerResponseFrames(["Hello"]);
    return sendEvents(response, [...frames.slice(0, -1), `${frames.at(-1)}data: [DONE]\n\n`]);
  });
  const response = await server.post(path, { model: "native", input: "Say hello", stream: true });
  expect(await response.text()).not.toContain("[DONE]");
});

test("a provider's answer that is incomplete is booked as such", async () => {
  native.answer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...providerResponse(["Hello"]), status: "incomplete" }));
  });
  const response = await server.post(path, { model: "native", input: "Say hello" });
  expect(await usageOf(server, response)).toMatchObject({ status: "incomplete" });
});

test("an id with a NUL, which no text of the database can hold, is unknown like any other", async () => {
  expect((await server.get(`${path}/resp_%00`)).status).toBe(404);
  const response = await server.post(path, { model: "chatty", input: "x", previous_response_id: "resp_\0" });
  expect(response.status).toBe(400);
});
