/** What callers see, and what is booked, when a process of a running platform is killed, or a client goes away. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServerDatabase, storedUsage, testDatabaseKind } from "@headrace/server/testing/stored-usage.ts";
import {
  apiClient,
  chatToken,
  checkedChatStream,
  checkedResponseStream,
  type Failure,
  LiveStream,
  responseToken,
} from "./api-client.ts";
import { chatModel, type RunningServer, startServer } from "./node/serve.mjs";
import { childProcess } from "./processes.ts";

const parts = new AsyncDisposableStack();
afterAll(() => parts.disposeAsync());

/** A folder and a database of its own, which outlive the servers that run on them. */
async function newPlace() {
  const folder = mkdtempSync(join(tmpdir(), "headrace-conformance-"));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const { env, dispose } = await createServerDatabase();
  parts.defer(dispose);
  return { folder, environment: env };
}

async function serverOf(place: Awaited<ReturnType<typeof newPlace>>): Promise<RunningServer> {
  const server = await startServer(place);
  parts.defer(() => server.stop());
  return server;
}

const story = "Tell a very long story about a river, a mill and a miller, with all its details.";
const chat = { model: chatModel, messages: [{ role: "user", content: story }], max_tokens: 2_000 };
const response = { model: chatModel, input: story, max_output_tokens: 2_000 };
const shortChat = { ...chat, max_tokens: 4 };
const shortResponse = { ...response, max_output_tokens: 4 };
const stream = true;

describe("when the engine is killed", () => {
  test("running answers end with an error, and the next request is answered by the same server", async () => {
    const server = await serverOf(await newPlace());
    const api = apiClient(server);
    await api.chat(shortChat);
    const chatting = new LiveStream(await api.post("/chat/completions", { ...chat, stream }), chatToken);
    const responding = new LiveStream(await api.post("/responses", { ...response, stream }), responseToken);
    const waiting = api.post("/chat/completions", chat);
    await Promise.all([chatting.untilTokens(5), responding.untilTokens(5)]);

    process.kill(await childProcess(server.pid, "engine/main.ts"), "SIGKILL");
    const killedMs = performance.now();
    expect(await Promise.all([chatting.untilEnd(), responding.untilEnd()])).toEqual(["ended", "ended"]);
    const chatted = checkedChatStream(chatting.bytes, chat);
    expect(chatted.findings).toEqual([]);
    expect(chatted.events.at(-1)).toMatchObject({ error: { type: "server_error", param: null } });
    const responded = checkedResponseStream(responding.bytes);
    expect(responded.findings).toEqual([]);
    expect(responded.events.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed" } });
    const broken = await waiting;
    expect(broken.status).toBe(502);
    expect(((await broken.json()) as Failure).error).toMatchObject({ type: "server_error", param: null });

    expect((await api.chat(shortChat)).usage.completion_tokens).toBe(4);
    // Information only; the bound is there to tell a hanging server from a slow machine.
    const seconds = (performance.now() - killedMs) / 1000;
    console.info(`answered again ${seconds.toFixed(2)} s after the kill`);
    expect(seconds).toBeLessThan(10);
    expect(() => process.kill(server.pid, 0)).not.toThrow();
  });
});

if (testDatabaseKind === "embedded") {
  describe("when the embedded database is killed under load", () => {
    test("the server lives on, and every response that it acknowledged is there", async () => {
      const server = await serverOf(await newPlace());
      const api = apiClient(server);
      await api.response(shortResponse);
      const acknowledged: string[] = [];
      const refused: { status: number; failure: Failure }[] = [];
      let isOver = false;
      const clients = Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const answer = await api.post("/responses", shortResponse);
          if (answer.ok) acknowledged.push(((await answer.json()) as { id: string }).id);
          else refused.push({ status: answer.status, failure: (await answer.json()) as Failure });
        }
      });
      const untilAcknowledged = async (count: number): Promise<void> => {
        while (acknowledged.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await untilAcknowledged(5);
      process.kill(await childProcess(server.pid, "embedded/child.ts"), "SIGKILL");
      await untilAcknowledged(acknowledged.length + 10);
      isOver = true;
      await Promise.all(clients);

      for (const { status, failure } of refused) {
        expect([status, failure.error.code]).toEqual([503, "storage_unavailable"]);
      }
      const retrieved = await Promise.all(acknowledged.map((id) => api.get(`/responses/${id}`)));
      expect(retrieved.filter(({ status }) => status !== 200)).toEqual([]);
      expect(() => process.kill(server.pid, 0)).not.toThrow();
    });
  });
}

describe("what was used is booked", () => {
  test("as interrupted when the server was killed, for at most 64 tokens more than the client received", async () => {
    const place = await newPlace();
    const server = await serverOf(place);
    const answer = await apiClient(server).post("/chat/completions", { ...chat, stream });
    const live = new LiveStream(answer, chatToken);
    await live.untilTokens(40);
    await server.kill();
    expect(await live.untilEnd()).toBe("cut");

    const next = await serverOf(place);
    expect((await apiClient(next).chat(shortChat)).usage.completion_tokens).toBe(4);
    await next.stop();
    const usage = await storedUsage(next.settings, answer.headers.get("x-request-id") ?? "");
    expect(usage).toMatchObject({ status: "interrupted", estimated: true });
    const metered = usage?.quantities.output_tokens ?? 0;
    expect(metered).toBeGreaterThanOrEqual(live.tokens);
    expect(metered).toBeLessThanOrEqual(live.tokens + 64);
  });

  test("exactly when the client went away, and the engine stops its work", async () => {
    const server = await serverOf(await newPlace());
    const api = apiClient(server);
    const leaving = new AbortController();
    const answer = await api.post("/chat/completions", { ...chat, stream }, { signal: leaving.signal });
    const live = new LiveStream(answer, chatToken);
    await live.untilTokens(20);
    leaving.abort();
    await live.untilEnd();
    // The engine tells what it had done when it has stopped; a further answer gives it the time.
    await api.chat(shortChat);
    await server.stop();
    const usage = await storedUsage(server.settings, answer.headers.get("x-request-id") ?? "");
    expect(usage).toMatchObject({ status: "client_left", estimated: false, quantities: { requests: 1 } });
    expect(usage?.quantities.input_tokens).toBeGreaterThan(10);
    const metered = usage?.quantities.output_tokens ?? 0;
    expect(metered).toBeGreaterThanOrEqual(live.tokens);
    // 2,000 were asked for: the engine's own count says that it has stopped long before.
    expect(metered).toBeLessThan(1_000);
  });
});
