import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chatFrames, chatUsage, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { chatText, readChatStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"]), limits: { upstreamIdleMs: 500 } });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.calls.length = 0;
});

const path = "/v1/chat/completions";
const ask = { model: "scripted", messages: [{ role: "user" as const, content: "hello" }] };
const completion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "upstream-scripted",
  choices: [
    { index: 0, message: { role: "assistant", content: "hi", refusal: null }, finish_reason: "stop", logprobs: null },
  ],
  usage: { ...chatUsage(1), prompt_tokens_details: { cached_tokens: 3 } },
};

describe("a chat completion through a provider", () => {
  test("is answered in the provider's own bytes, and booked", async () => {
    const text = JSON.stringify(completion, null, 1);
    provider.answer((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(text));
    const response = await server.post(path, ask);
    expect(await response.text()).toBe(text);
    expect(await usageOf(server, response)).toEqual({
      status: "completed",
      estimated: false,
      requests: 1,
      input_tokens: 7,
      cached_input_tokens: 3,
      output_tokens: 1,
    });
  });

  test("reaches it as the caller wrote it, but for the model's name", async () => {
    provider.answer(
      (_, response) =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(completion)),
    );
    const body = '{ "messages" : [{"role":"user","content":"h\\u00e9llo"}],\n"seed":7, "model":"scripted" ,"user":"u"}';
    await server.post(path, body);
    expect(provider.calls[0]?.text).toBe(
      '{"messages" : [{"role":"user","content":"h\\u00e9llo"}],"seed":7,"model":"upstream-scripted","user":"u"}',
    );
    expect(provider.calls[0]?.headers.authorization).toBeUndefined();
  });

  test("streams every chunk, without the usage chunk that was not asked for", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["one ", "two ", "three"])));
    const response = await server.post(path, { ...ask, stream: true });
    const chunks = await readChatStream(response);
    expect(chatText(chunks)).toBe("one two three");
    expect(provider.calls[0]?.body.stream_options).toEqual({ include_usage: true });
    expect(await usageOf(server, response)).toMatchObject({
      status: "completed",
      estimated: false,
      input_tokens: 7,
      output_tokens: 3,
    });
  });

  test("streams the usage chunk that was asked for", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["one"])));
    const response = await server.post(path, { ...ask, stream: true, stream_options: { include_usage: true } });
    const chunks = await readChatStream(response, { includeUsage: true });
    expect(chunks.at(-1)?.usage).toEqual(chatUsage(1));
  });

  test("gives the official SDK its text", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["a", "b"])));
    let text = "";
    for await (const chunk of await server.client.chat.completions.create({ ...ask, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe("ab");
  });
});

describe("a provider that fails", () => {
  test("in the middle of a stream: the caller is told, what came is booked", async () => {
    const frames = chatFrames(["one ", "two "]);
    provider.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const frame of frames.slice(0, 3)) response.write(frame);
      response.write('data: {"id":"half an ev');
      await new Promise((resolve) => setTimeout(resolve, 50));
      response.destroy();
    });
    const response = await server.post(path, { ...ask, stream: true });
    const text = await response.text();
    const events = text.trimEnd().split("\n\n");
    expect(events).toHaveLength(4);
    expect(JSON.parse((events.at(-1) ?? "").slice(6))).toMatchObject({
      error: { code: "upstream_failed", param: null },
    });
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("half an ev");
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", estimated: true, output_tokens: 2 });
  });

  test("by ending a stream early, as if it were whole", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["one "]).slice(0, 2)));
    const text = await (await server.post(path, { ...ask, stream: true })).text();
    expect(text).toContain('"code":"upstream_failed"');
  });

  test("by falling silent", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatFrames([])[0]);
    });
    const text = await (await server.post(path, { ...ask, stream: true })).text();
    expect(text).toContain('"code":"upstream_timeout"');
    await provider.calls[0]?.closed;
  });

  test.each([
    [429, { "retry-after": "7" }, 429, "rate_limit_exceeded", "7"],
    [500, {}, 502, "upstream_failed", null],
    [401, {}, 502, "upstream_failed", null],
  ])("with HTTP %i", async (status, headers, seen, code, retryAfter) => {
    provider.answer(
      (_, response) =>
        void response
          .writeHead(status, { "content-type": "application/json", ...headers })
          .end('{"error":{"message":"secret words"}}'),
    );
    const response = await server.post(path, ask);
    expect(response.status).toBe(seen);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code } });
    expect(text).not.toContain("secret words");
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", output_tokens: 0 });
  });

  test("with an answer that is not JSON", async () => {
    provider.answer(
      (_, response) => void response.writeHead(200, { "content-type": "application/json" }).end("<html>"),
    );
    const response = await server.post(path, ask);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_failed" } });
  });
});

describe("a caller that leaves", () => {
  test("in the middle of a stream closes the provider's socket, and what was sent is booked", async () => {
    provider.answer(async (call, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write(chatFrames(["word "])[1]), 5);
      await call.closed;
      clearInterval(timer);
    });
    const abort = new AbortController();
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
      body: JSON.stringify({ ...ask, stream: true }),
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    for (let read = 0; read < 10; read++) await reader?.read();
    const leftAtMs = performance.now();
    abort.abort();
    await provider.calls[0]?.closed;
    const closedAfterMs = performance.now() - leftAtMs;
    // The promise is 100 ms; ten times that would mean that something other than the abort has closed it.
    expect(closedAfterMs).toBeLessThan(1_000);
    const usage = await usageOf(server, response);
    expect(usage).toMatchObject({ status: "client_left", estimated: true });
    expect(usage.output_tokens).toBeGreaterThanOrEqual(9);
  });
});

describe("what is documented and not served", () => {
  test.each([["web_search_options", { web_search_options: {} }]])("%s is refused by name", async (param, extra) => {
    const response = await server.post(path, { ...ask, ...extra });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported_parameter", param } });
    expect(provider.calls).toHaveLength(0);
  });

  test("a doubled key can't mean two things to two readers", async () => {
    const response = await server.post(
      path,
      '{"model":"scripted","messages":[{"role":"user","content":"x"}],"model":"other"}',
    );
    expect(response.status).toBe(404);
    const twice = await server.post(
      path,
      '{"model":"other","messages":[{"role":"user","content":"x"}],"model":"scripted"}',
    );
    expect(await twice.json()).toMatchObject({ error: { code: "invalid_json", param: "model" } });
    expect(provider.calls).toHaveLength(0);
  });
});

describe("Idempotency-Key", () => {
  const answerOnce = () => {
    let count = 0;
    provider.answer(
      (_, response) =>
        void response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify({ ...completion, id: `chatcmpl-${++count}` })),
    );
  };

  test("gives the same answer to the same request, made once", async () => {
    answerOnce();
    const headers = { "idempotency-key": "same" };
    const first = await (await server.post(path, ask, headers)).text();
    const second = await (await server.post(path, ask, headers)).text();
    expect(second).toBe(first);
    expect(provider.calls).toHaveLength(1);
  });

  test("gives the same stream again", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["once"])));
    const headers = { "idempotency-key": "stream" };
    const first = await (await server.post(path, { ...ask, stream: true }, headers)).text();
    const second = await (await server.post(path, { ...ask, stream: true }, headers)).text();
    expect(second).toBe(first);
    expect(provider.calls).toHaveLength(1);
  });

  test("refuses another body under the same key", async () => {
    answerOnce();
    await server.post(path, ask, { "idempotency-key": "other" });
    const response = await server.post(path, { ...ask, seed: 1 }, { "idempotency-key": "other" });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { code: "idempotency_key_reused" } });
  });

  test("lets exactly one of many simultaneous requests through", async () => {
    provider.answer(async (_, response) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(completion));
    });
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => server.post(path, ask, { "idempotency-key": "race" })),
    );
    const statuses = responses.map((response) => response.status).sort();
    expect(statuses).toEqual([200, ...Array(9).fill(409)]);
    expect(provider.calls).toHaveLength(1);
  });

  test("is free again after a failure", async () => {
    provider.answer((_, response) => void response.writeHead(500).end());
    expect((await server.post(path, ask, { "idempotency-key": "retry" })).status).toBe(502);
    answerOnce();
    expect((await server.post(path, ask, { "idempotency-key": "retry" })).status).toBe(200);
  });
});
