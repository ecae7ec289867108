import { afterAll, describe, expect, test } from "bun:test";
import { chatFrames, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { readChatStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"]), limits: { upstreamIdleMs: 5_000 } });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const path = "/v1/chat/completions";
const ask = { model: "scripted", messages: [{ role: "user", content: "hello" }] };
const eventStream = { "content-type": "text/event-stream" };
const errorFrame = `data: ${JSON.stringify({ error: { message: "worker at http://10.0.0.3:8000 died", code: 500 } })}\n\n`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a provider that has sent its last event", () => {
  test("and keeps the connection open does not keep the caller, and the stream is booked as whole", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, eventStream);
      for (const frame of chatFrames(["hi"])) response.write(frame);
    });
    const response = await server.post(path, { ...ask, stream: true });
    await readChatStream(response);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: false });
    await provider.calls.at(-1)?.closed;
  });

  test("and then resets the connection takes nothing back", async () => {
    provider.answer(async (_, response) => {
      response.writeHead(200, eventStream);
      for (const frame of chatFrames(["hi"])) response.write(frame);
      await pause(50);
      response.destroy();
    });
    const response = await server.post(path, { ...ask, stream: true });
    await readChatStream(response);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed" });
  });

  test.each(["data: [DONE]\n", "data: [DONE]"])("without its blank line, as in %j, has ended well", async (last) => {
    provider.answer((_, response) => sendEvents(response, [...chatFrames(["hi"]).slice(0, -1), last]));
    const response = await server.post(path, { ...ask, stream: true });
    const text = await response.text();
    expect(text).toContain("data: [DONE]\n\n");
    expect(text).not.toContain('"error"');
    expect(await usageOf(server, response)).toMatchObject({ status: "completed" });
  });

  test("with lines that end in CRLF has ended well, wherever the network cuts them", async () => {
    provider.answer(async (_, response) => {
      response.writeHead(200, eventStream);
      for (const frame of chatFrames(["hi"])) {
        response.write(frame.replaceAll("\n", "\r\n").slice(0, -1));
        await pause(5);
        response.write("\n");
      }
      response.end();
    });
    const response = await server.post(path, { ...ask, stream: true });
    expect(await response.text()).not.toContain('"error"');
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", output_tokens: 1 });
  });
});

describe("a provider that answers with 200 and an error", () => {
  test("inside a stream: the caller is told in our words, it is booked as failed, and not kept for a retry", async () => {
    const headers = { "idempotency-key": "told-in-the-stream" };
    provider.answer((_, response) =>
      sendEvents(response, [...chatFrames(["hi"]).slice(0, 2), errorFrame, "data: [DONE]\n\n"]),
    );
    const response = await server.post(path, { ...ask, stream: true }, headers);
    const text = await response.text();
    expect(text).toContain('"content":"hi"');
    expect(text).toContain('"code":"upstream_failed"');
    expect(text).not.toContain("10.0.0.3");
    expect(text).not.toContain("[DONE]");
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", output_tokens: 1 });

    provider.answer((_, response) => sendEvents(response, chatFrames(["hi"])));
    await readChatStream(await server.post(path, { ...ask, stream: true }, headers));
  });

  test("instead of an answer: it is a 502, booked as failed", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "worker at http://10.0.0.3:8000 died", code: 502 } }));
    });
    const response = await server.post(path, ask);
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain("10.0.0.3");
    expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
  });
});

describe("a provider's event that no client can read", () => {
  test.each(['data: {"choices":[{"delta"\n\n', "data: <html>\n\n", "data: [7]\n\n"])(
    "%j ends the stream with an error, behind what came before it in the same piece",
    async (frame) => {
      provider.answer((_, response) => {
        response.writeHead(200, eventStream);
        response.end([...chatFrames(["hi", "there"]).slice(0, 3), frame, ...chatFrames(["more"]).slice(1)].join(""));
      });
      const response = await server.post(path, { ...ask, stream: true });
      const text = await response.text();
      expect(text).toContain('"content":"there"');
      expect(text).not.toContain(frame);
      expect(text).not.toContain("more");
      expect(text.trimEnd().split("\n\n").at(-1)).toContain('"code":"upstream_failed"');
      expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
    },
  );

  test("takes nothing back where it comes behind the end", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, eventStream);
      response.end(`${chatFrames(["hi"]).join("")}data: bye\n\n`);
    });
    const response = await server.post(path, { ...ask, stream: true });
    expect(await response.text()).not.toContain('"error"');
    expect(await usageOf(server, response)).toMatchObject({ status: "completed" });
  });
});

describe("a provider that tells fewer tokens than it sent", () => {
  const words = Array.from({ length: 12 }, (_, index) => `word${index} `);
  const toldInstead = (frame: string, told: number): string =>
    frame.replace('"completion_tokens":12', `"completion_tokens":${told}`);

  test.each([0, 11, -12])("%d of 12 in a stream: all that were counted are booked, as our own count", async (told) => {
    provider.answer((_, response) =>
      sendEvents(
        response,
        chatFrames(words).map((frame) => toldInstead(frame, told)),
      ),
    );
    const response = await server.post(path, { ...ask, stream: true });
    await readChatStream(response);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: true, output_tokens: 12 });
  });

  test.each([
    ["none", undefined],
    ["zero", { prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 }],
    ["fewer than zero", { prompt_tokens: -7, completion_tokens: -12, total_tokens: -19 }],
  ])("%s in a whole answer: its text is counted, calls and thinking too", async (_, usage) => {
    const call = { id: "call_1", type: "function", function: { name: "f", arguments: "x".repeat(40) } };
    const message = {
      role: "assistant",
      content: "y".repeat(40),
      reasoning_content: "é".repeat(20),
      tool_calls: [call],
    };
    const choice = { index: 0, message, finish_reason: "stop", logprobs: null };
    provider.answer((__, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", choices: [choice], usage }));
    });
    const response = await server.post(path, ask);
    expect(response.status).toBe(200);
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: true, output_tokens: 30 });
  });
});

test("a text that speaks of errors is no error", async () => {
  const words = ['"error": {"message": "no"}', '{"error":1}'];
  provider.answer((_, response) => sendEvents(response, chatFrames(words)));
  const response = await server.post(path, { ...ask, stream: true });
  await readChatStream(response);
  expect(await usageOf(server, response)).toMatchObject({ status: "completed" });
});

test("a caller who leaves before the answer is no failure of the server", async () => {
  provider.answer(() => {});
  const leave = new AbortController();
  const logged = server.log().length;
  const asked = fetch(server.url + path, {
    method: "POST",
    signal: leave.signal,
    headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
    body: JSON.stringify(ask),
  });
  const calls = provider.calls.length;
  while (provider.calls.length === calls) await pause(5);
  leave.abort();
  expect(asked).rejects.toThrow();
  await provider.calls.at(-1)?.closed;
  while (server.log().length === logged) await pause(5);
  expect(server.log().slice(logged)).toMatchObject([{ level: "info", message: "request", status: 499 }]);
});

test("a stream that the stopping server can't wait for ends with an error that says so", async () => {
  await using stopping = await startTestServer({
    yaml: provider.yaml(["chat"]),
    limits: { shutdownGraceMs: 100 },
  });
  provider.answer((_, response) => {
    response.writeHead(200, eventStream);
    for (const frame of chatFrames(["hi"]).slice(0, 2)) response.write(frame);
  });
  const response = await stopping.post(path, { ...ask, stream: true });
  const text = response.text();
  await pause(50);
  await stopping.platform[Symbol.asyncDispose]();
  expect(await text).toContain('"code":"shutting_down"');
});
