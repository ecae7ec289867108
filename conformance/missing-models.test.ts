/** A server whose models are not there, or broken: what it can do it does, and for the rest it says how to get it. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startScriptedProvider } from "@headrace/server/testing/scripted-provider.ts";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { type ApiClient, apiClient, type Failure } from "./api-client.ts";
import { chatModel, embeddingModel, type RunningServer, sharedModelsFolder, startServer } from "./node/serve.mjs";

const parts = new AsyncDisposableStack();
afterAll(() => parts.disposeAsync());

async function serverWith(options: Parameters<typeof startServer>[0]): Promise<RunningServer> {
  const database = await createServerDatabase();
  parts.defer(database.dispose);
  const server = await startServer({ ...options, environment: { ...database.env, ...options?.environment } });
  parts.defer(() => server.stop());
  return server;
}

async function expectNotReady(api: ApiClient, words: RegExp): Promise<void> {
  const chat = { model: chatModel, messages: [{ role: "user", content: "Hello" }] };
  for (const stream of [false, true]) {
    const refused = await api.post("/chat/completions", { ...chat, stream });
    expect(refused.status).toBe(503);
    const { error } = (await refused.json()) as Failure;
    expect(error).toMatchObject({ code: "model_not_ready", type: "service_unavailable_error" });
    expect(error.message).toMatch(words);
    expect(error.message).toContain(`models pull ${chatModel}`);
  }
}

describe("no source of models can be reached", () => {
  test("the server serves, says what is missing and how to get it, and does all that needs no local model", async () => {
    await using provider = await startScriptedProvider();
    provider.answer((_, response) => {
      const data = [{ object: "embedding", index: 0, embedding: [1, 0] }];
      const usage = { prompt_tokens: 1, total_tokens: 1 };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ object: "list", model: "upstream-remote", data, usage }));
    });
    const nowhere = `http://127.0.0.1:${await closedPort()}`;
    const environment = { HEADRACE_PYPI_URL: `${nowhere}/simple`, HEADRACE_HUGGINGFACE_URL: nowhere };
    const server = await serverWith({ ownModels: true, yaml: provider.yaml(["embeddings"], "remote"), environment });
    const api = apiClient(server);

    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(200);
    const { missing } = (await ready.json()) as { missing: string[] };
    expect(missing).toHaveLength(2);
    for (const id of [chatModel, embeddingModel]) expect(missing.join("\n")).toContain(`models pull ${id}`);

    const models = (await (await api.get("/models")).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toContain("remote");
    await expectNotReady(api, /not installed/);
    const embedded = await api.post("/embeddings", { model: "remote", input: "a" });
    expect(embedded.status).toBe(200);
    expect(await embedded.json()).toMatchObject({ data: [{ embedding: [1, 0] }] });
  });
});

describe("a model's file is corrupt", () => {
  test("requests for it are told so and how to fetch it again, and the others are answered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "headrace-conformance-"));
    parts.defer(() => rmSync(folder, { recursive: true, force: true }));
    const modelsFolder = join(folder, "data", "models");
    const source = await startServer();
    await source.stop();
    cpSync(sharedModelsFolder, modelsFolder, { recursive: true, preserveTimestamps: true });
    const chatFolder = join(modelsFolder, chatModel);
    const file = readdirSync(chatFolder).find((name) => name.endsWith(".gguf")) ?? "";
    truncateSync(join(chatFolder, file), 1_000_000);

    const api = apiClient(await serverWith({ folder, ownModels: true, environment: { HEADRACE_MODELS: "none" } }));
    await expectNotReady(api, /corrupt/);
    expect((await api.post("/embeddings", { model: embeddingModel, input: "a" })).status).toBe(200);
  });
});

/** A port of the loopback where nobody listens. */
function closedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
