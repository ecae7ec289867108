import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { providerResponse } from "./provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: native, base_url: "${provider.baseUrl}", apis: [responses] }
  - { name: chatty, base_url: "${provider.baseUrl}", apis: [chat] }
models:
  - { name: native, provider: native, model: upstream-native }
  - { name: chatty, provider: chatty }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((call, response) => {
    const counted = { object: "response.input_tokens", input_tokens: 42 };
    const isCount = call.path.endsWith("/responses/input_tokens");
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(isCount ? counted : providerResponse(["Hello"])));
  });
});

const path = "/v1/responses/input_tokens";
const { inputTokens } = server.client.responses;
const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { error: { code: string; param: string | null } }).error,
});
const lastInput = () =>
  ((provider.calls.at(-1)?.body.input ?? []) as { role: string; content: string | { text: string }[] }[]).map(
    ({ role, content }) => `${role}: ${typeof content === "string" ? content : (content[0] as { text: string }).text}`,
  );

describe("input tokens", () => {
  test("are counted by the provider that would answer, which is sent what the caller sent", async () => {
    expect(await inputTokens.count({ model: "native", input: "Hi", personality: "friendly", tools: null })).toEqual({
      object: "response.input_tokens",
      input_tokens: 42,
    });
    expect(provider.calls[0]?.path).toBe("/v1/responses/input_tokens");
    expect(provider.calls[0]?.body).toEqual({
      model: "upstream-native",
      input: "Hi",
      personality: "friendly",
      tools: null,
    });
  });

  test("hold what was said before, in a response or in a conversation, which stays as it is", async () => {
    const made = await server.client.responses.create({ model: "native", input: "One" });
    await inputTokens.count({ model: "native", input: "Two", previous_response_id: made.id });
    expect(lastInput()).toEqual(["user: One", "assistant: Hello", "user: Two"]);
    expect(provider.calls.at(-1)?.body).not.toHaveProperty("previous_response_id");

    const items = [{ role: "user" as const, content: "Zero" }];
    const conversation = await server.client.conversations.create({ items });
    await inputTokens.count({ model: "native", conversation: conversation.id });
    expect(lastInput()).toEqual(["user: Zero"]);
    expect(provider.calls.at(-1)?.body).not.toHaveProperty("conversation");
    expect((await server.client.conversations.items.list(conversation.id)).data).toHaveLength(1);
  });

  test("that the provider does not tell are told as its failure", async () => {
    for (const body of ["{}", '{"object":"response.input_tokens","input_tokens":-1}']) {
      provider.answer((_, response) => void response.writeHead(200).end(body));
      expect(await errorOf(await server.post(path, { model: "native", input: "Hi" }))).toMatchObject({
        status: 502,
        code: "upstream_failed",
      });
    }
  });
});

test.each([[404], [405], [501]])(
  "input tokens that a provider can't count (%d) are refused, with what tells them",
  async (status) => {
    provider.answer((_, response) => void response.writeHead(status).end('{"detail":"Not Found"}'));
    expect(await errorOf(await server.post(path, { model: "native", input: "Hi" }))).toMatchObject({
      status: 400,
      code: "unsupported_value",
      param: "model",
      message: expect.stringContaining("The usage of an answer tells them."),
    });
  },
);

describe("what can't be counted is refused, and nobody is asked", () => {
  test.each([
    ["no model", {}, 400, "missing_required_parameter", "model"],
    ["a model of null", { model: null }, 400, "missing_required_parameter", "model"],
    ["an unknown model", { model: "nobody" }, 404, "model_not_found", "model"],
    ["a provider that only chats", { model: "chatty", input: "Hi" }, 400, "unsupported_value", "model"],
    [
      "an unknown response",
      { model: "native", previous_response_id: "resp_0" },
      400,
      "previous_response_not_found",
      "previous_response_id",
    ],
    ["an unknown conversation", { model: "native", conversation: "conv_0" }, 404, "not_found", "conversation_id"],
    [
      "two histories",
      { model: "native", conversation: { id: "conv_0" }, previous_response_id: "resp_0" },
      400,
      "mutually_exclusive_parameters",
      "previous_response_id",
    ],
    [
      "a hosted tool",
      { model: "native", tools: [{ type: "web_search" }] },
      400,
      "unsupported_parameter",
      "tools[0].type",
    ],
    ["an unknown parameter", { model: "native", stream: true }, 400, "unknown_parameter", "stream"],
    [
      "an item of an unknown type",
      { model: "native", input: [{ type: "wish" }] },
      400,
      "invalid_value",
      "input[0].type",
    ],
  ])("%s", async (_, body, status, code, param) => {
    const { status: got, ...error } = await errorOf(await server.post(path, body));
    expect({ status: got, code: error.code }).toEqual({ status, code });
    expect(error.param).toStartWith(param.split("[")[0] ?? "");
    expect(provider.calls).toHaveLength(0);
  });
});
