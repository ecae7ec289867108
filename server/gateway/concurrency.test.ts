import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { inPlatform } from "../database/tenant.ts";
import { chatFrames, chatUsage, sendEvents, startScriptedProvider } from "../testing/scripted-provider.ts";
import { startTestServer } from "../testing/test-server.ts";

const provider = await startScriptedProvider();
const withLimit = (limit: string) =>
  provider.yaml(["chat"]).replace("    apis:", `    concurrency: ${limit}\n    apis:`);
const server = await startTestServer({ yaml: withLimit("{ requests: 2, waiting: 1, wait_ms: 60000 }") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const chatPath = "/v1/chat/completions";
const ask = { model: "scripted", messages: [{ role: "user" as const, content: "hello" }] };
const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "upstream-scripted",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop", logprobs: null }],
  usage: chatUsage(1),
});

/** Calls that wait for their answer, oldest first. */
let held: (() => void)[] = [];
beforeEach(() => {
  provider.calls.length = 0;
  held = [];
  provider.answer(async ({ body }, response) => {
    if (body.stream === true) {
      const frames = chatFrames(["one"]);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(frames[0] ?? "");
      await new Promise<void>((resolve) => held.push(resolve));
      for (const frame of frames.slice(1)) response.write(frame);
      response.end();
      return;
    }
    await new Promise<void>((resolve) => held.push(resolve));
    response.writeHead(200, { "content-type": "application/json" }).end(completion);
  });
});

async function untilCalls(count: number): Promise<void> {
  while (provider.calls.length < count || held.length < count) await Bun.sleep(1);
}

/** Fills both places; the next one waits, and the one after that is refused. */
async function fill(bodies: readonly object[] = [ask, ask]): Promise<Promise<Response>[]> {
  const running = bodies.map((body) => server.post(chatPath, body));
  await untilCalls(bodies.length);
  return running;
}

async function end(running: readonly Promise<Response>[]): Promise<void> {
  const texts = Promise.all(running.map(async (each) => (await each).text()));
  let isOver = false;
  const over = texts.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const answer of held.splice(0)) answer();
    await Bun.sleep(1);
  }
  await over;
}

/** Two requests for one place in line: which of them is the one too many can't be told before. */
async function refused(
  path = chatPath,
  body: object = ask,
): Promise<{ response: Response; waiting: Promise<Response> }> {
  const both = [server.post(path, body), server.post(path, body)] as const;
  const response = await Promise.race(both);
  const waiting = (await Promise.race([both[0].then(() => true), Bun.sleep(0).then(() => false)])) ? both[1] : both[0];
  return { response, waiting };
}

describe("a provider with as many requests as it takes", () => {
  test("is asked no more: one waits, the next is refused in OpenAI's words, told when to return, and not booked", async () => {
    const running = await fill();
    const { response, waiting } = await refused();
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.clone().json()).toEqual({
      error: {
        message: expect.stringContaining("Try again"),
        type: "rate_limit_error",
        param: null,
        code: "rate_limit_exceeded",
      },
    });
    expect(provider.calls).toHaveLength(2);
    await end([...running, waiting]);
    expect((await waiting).status).toBe(200);
    expect(provider.calls).toHaveLength(3);
    await server.platform.foldUsage();
    const booked = await inPlatform(server.foundation.database.db, (transaction) =>
      transaction
        .selectFrom("usage_events")
        .select("meter")
        .where("request_id", "=", response.headers.get("x-request-id") ?? "")
        .execute(),
    );
    expect(booked).toEqual([]);
  });

  test("counts a stream until its last event", async () => {
    const running = await fill([
      { ...ask, stream: true },
      { ...ask, stream: true },
    ]);
    for (const each of running) expect((await each).status).toBe(200);
    const { response, waiting } = await refused();
    expect(response.status).toBe(429);
    expect(provider.calls).toHaveLength(2);
    await end([...running, waiting]);
    expect((await waiting).status).toBe(200);
  });

  test("has room again when a caller leaves, in the middle of an answer or in line", async () => {
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" };
    const left = fetch(server.url + chatPath, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...ask, stream: true }),
      signal: leaving.signal,
    });
    const body = (await left).body?.getReader();
    await body?.read();
    const other = server.post(chatPath, ask);
    await untilCalls(2);
    const inLine = new AbortController();
    const waiting = fetch(server.url + chatPath, {
      method: "POST",
      headers,
      body: JSON.stringify(ask),
      signal: inLine.signal,
    });
    const next = server.post(chatPath, ask);
    inLine.abort();
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await provider.calls[0]?.closed;
    await end([other, next]);
    const last = server.post(chatPath, ask);
    await end([last]);
    expect((await last).status).toBe(200);
  });

  test("is the same for a Responses call that it answers through its chat wire", async () => {
    const running = await fill();
    const { response, waiting } = await refused("/v1/responses", { model: "scripted", input: "hello" });
    expect(response.status).toBe(429);
    await end([...running, waiting]);
    expect((await waiting).status).toBe(200);
  });
});

test("who has waited for too long is refused", async () => {
  await using hurried = await startTestServer({ yaml: withLimit("{ requests: 1, waiting: 5, wait_ms: 20 }") });
  const running = hurried.post(chatPath, ask);
  await untilCalls(1);
  const response = await hurried.post(chatPath, ask);
  expect(response.status).toBe(429);
  await end([running]);
  expect((await running).status).toBe(200);
});

test("without a limit, a provider gets all that come", async () => {
  await using free = await startTestServer({ yaml: provider.yaml(["chat"]) });
  provider.answer((_, response) => sendEvents(response, chatFrames(["one"])));
  const all = await Promise.all(Array.from({ length: 20 }, () => free.post(chatPath, { ...ask, stream: true })));
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  await Promise.all(all.map((response) => response.text()));
});
