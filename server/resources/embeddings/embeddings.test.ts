import { afterAll, expect, test } from "bun:test";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["embeddings"], "vectors") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const vector = [0.5, -0.25];
provider.answer((call, response) => {
  const data = [
    {
      object: "embedding",
      index: 0,
      embedding:
        call.body.encoding_format === "base64"
          ? Buffer.from(new Float32Array(vector).buffer).toString("base64")
          : vector,
    },
  ];
  const answer = { object: "list", data, model: "upstream-vectors", usage: { prompt_tokens: 3, total_tokens: 3 } };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
});

test("embeddings come as floats, and as base64 as the SDK asks for by default", async () => {
  const asked = { model: "vectors", input: "hello" };
  const response = await server.post("/v1/embeddings", { ...asked, encoding_format: "float" });
  expect(((await response.json()) as { data: { embedding: number[] }[] }).data[0]?.embedding).toEqual(vector);
  expect(await usageOf(server, response)).toMatchObject({ status: "completed", input_tokens: 3, output_tokens: 0 });
  const bySdk = await server.client.embeddings.create(asked);
  expect(provider.calls.at(-1)?.body.encoding_format).toBe("base64");
  expect(bySdk.data[0]?.embedding).toEqual(vector);
});

test.each([
  ["an empty text", { input: "" }, "input"],
  ["an empty list", { input: [] }, "input"],
  ["more than 2,048 texts", { input: Array(2049).fill("a") }, "input"],
  ["an unknown encoding", { input: "a", encoding_format: "hex" }, "encoding_format"],
])("%s is refused", async (_, extra, param) => {
  const response = await server.post("/v1/embeddings", { model: "vectors", ...extra });
  expect(response.status).toBe(400);
  expect(((await response.json()) as { error: { param: string } }).error.param).toStartWith(param);
});

test("a model that makes embeddings can't chat", async () => {
  const response = await server.post("/v1/chat/completions", {
    model: "vectors",
    messages: [{ role: "user", content: "x" }],
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "unsupported_value", param: "model" } });
});
