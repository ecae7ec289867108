import { afterAll, expect, test } from "bun:test";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"], "team/model:1") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

test("the list holds the models of headrace.yaml, in OpenAI's shape", async () => {
  const answer = await (await server.get("/v1/models")).json();
  expect(answer).toEqual({
    object: "list",
    data: [{ id: "team/model:1", object: "model", created: expect.any(Number), owned_by: "provider" }],
  });
});

test("one model can be retrieved, also where its name has a slash", async () => {
  expect((await server.client.models.retrieve("team/model:1")).id).toBe("team/model:1");
});

test("an unknown model answers 404", async () => {
  const response = await server.get("/v1/models/nobody");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: "model_not_found", param: "model" } });
});
