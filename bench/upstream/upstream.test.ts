import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { startUpstreamProcess } from "./upstream-process.ts";

const folder = mkdtempSync(join(tmpdir(), "headrace-upstream-"));
const upstream = await startUpstreamProcess({ journal: join(folder, "journal.jsonl") });
const client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: "none", maxRetries: 0 });
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const chat: OpenAI.ChatCompletionCreateParamsNonStreaming = {
  model: "planned",
  messages: [{ role: "user", content: "hello" }],
};

async function recordOf(name: string) {
  for (;;) {
    const found = (await upstream.records()).find((record) => record.case === name);
    if (found !== undefined) return found;
  }
}

async function untilRunning(count: number): Promise<void> {
  while ((await upstream.counts()).running < count);
}

function post(plan: string, body: object = { ...chat, stream: true }, signal?: AbortSignal): Promise<Response> {
  return fetch(`${upstream.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "x-plan": plan, "x-client-request-id": "req_1" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

test("the official SDK reads its answers on all three wires, streamed and not", async () => {
  const whole = await client.chat.completions.create(chat, { headers: { "x-plan": "tokens=3" } });
  expect(whole.choices[0]?.message.content).toBe("word word word ");
  expect(whole.usage?.completion_tokens).toBe(3);
  const options = { stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await client.chat.completions.create({ ...chat, ...options }, { headers: { "x-plan": "tokens=3" } });
  const usages = [];
  for await (const { usage } of chunks) if (usage) usages.push(usage.completion_tokens);
  expect(usages).toEqual([3]);

  const input = "<plan tokens=2>";
  const response = await client.responses.create({ model: "planned", input });
  expect(response.output_text).toBe("word word ");
  const events = await client.responses.create({ model: "planned", input, stream: true });
  const types = [];
  for await (const { type } of events) types.push(type);
  expect(types.filter((type) => type === "response.output_text.delta")).toHaveLength(2);
  expect(types.at(-1)).toBe("response.completed");

  const embeddings = await client.embeddings.create({ model: "planned", input, encoding_format: "float" });
  expect(embeddings.data[0]?.embedding).toHaveLength(16);
});

test("a plan in the body counts as one in the header", async () => {
  const answer = await post("", { ...chat, messages: [{ role: "user", content: "<plan case=body tokens=9>" }] });
  expect(await answer.text()).toContain("word ".repeat(9));
  expect(await recordOf("body")).toMatchObject({ requestId: "req_1", tokensWritten: 9, complete: true, stream: false });
});

test.each([
  ["cut=0", 0],
  ["cut=400", 400],
  ["reset=400", 400],
])("%s ends the connection behind so many bytes, and the journal says so", async (plan, bytes) => {
  const name = plan.replace("=", "-");
  const answer = await post(`case=${name} tokens=20 ${plan}`);
  expect(await answer.text().catch(() => "broken")).toBe("broken");
  expect(await recordOf(name)).toMatchObject({ bytesWritten: bytes, complete: false, status: 200 });
});

test.each([["length=5"], ["half-event"]])("%s breaks the body off, streamed and not", async (plan) => {
  for (const body of [undefined, chat]) {
    expect(await (await post(plan, body)).text().catch(() => "broken")).toBe("broken");
  }
});

test("an answer that is not streamed can be half a JSON text, or stop half-way", async () => {
  const half = await (await post("malformed", chat)).text();
  expect(half).toStartWith('{"id":');
  expect(() => JSON.parse(half)).toThrow(SyntaxError);
  const silent = new AbortController();
  const reader = (await post("stall", chat, silent.signal)).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(half);
  silent.abort();
});

test("errors come with their status and Retry-After; a page of HTML comes as one", async () => {
  const busy = await post("status=429 retry-after=7");
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "7"]);
  expect((await post("status=500")).status).toBe(500);
  expect(await (await post("html")).text()).toContain("<title>");
});

test("a stream can lack its end, hold a broken event, and tell a usage that is wrong", async () => {
  expect(await (await post("no-done")).text()).not.toContain("[DONE]");
  expect(await (await post("malformed")).text()).toContain('{"choices": [{"delta"\n');
  const asked = { ...chat, stream: true, stream_options: { include_usage: true } };
  const usages = async (kind: string) =>
    [...(await (await post(`usage=${kind} tokens=5`, asked)).text()).matchAll(/"completion_tokens":(-?\d+)/g)].map(
      ([, count]) => Number(count),
    );
  expect(await usages("missing")).toEqual([]);
  expect(await usages("double")).toEqual([5, 5]);
  expect(await usages("zero")).toEqual([0]);
  expect(await usages("negative")).toEqual([-5]);
});

test("silence and an endless event last until the reader goes, and only what the kernel took is written down", async () => {
  for (const plan of ["hang", "stall", "endless"]) {
    const leaving = new AbortController();
    const answering = fetch(`${upstream.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "x-plan": `case=${plan} tokens=10 ${plan}` },
      body: JSON.stringify({ ...chat, stream: true }),
      signal: leaving.signal,
    });
    if (plan === "hang") await untilRunning(1);
    else await (await answering).body?.getReader().read();
    leaving.abort();
    await answering.catch(() => "left");
    const record = await recordOf(plan);
    expect(record.complete).toBeFalse();
    expect(record.tokensWritten).toBeLessThan(10);
  }
});

test("with slots, so many are served at once and the others wait in line", async () => {
  await using busy = await startUpstreamProcess({ slots: 1, serviceMs: 1, journal: join(folder, "busy.jsonl") });
  const ask = () => fetch(`${busy.baseUrl}/chat/completions`, { method: "POST", body: JSON.stringify(chat) });
  const answers = await Promise.all(Array.from({ length: 20 }, ask));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  await Promise.all(answers.map((answer) => answer.text()));
  expect((await busy.counts()).requests).toBe(20);
});
