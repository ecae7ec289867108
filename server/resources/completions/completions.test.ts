import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { completion } from "@headrace/contract/completions.ts";
import { chatUsage, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: provider, base_url: "${provider.baseUrl}", apis: [chat, completions] }
models:
  - { name: base, provider: provider, model: upstream-base }
  - { name: chatty, provider: provider, apis: [chat] }
  - { name: small, provider: local, model: smollm2-135m-instruct }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const path = "/v1/completions";
const ask = { model: "base", prompt: "Once upon" };
const head = { id: "cmpl-1", object: "text_completion", created: 1_700_000_000, model: "upstream-base" };
const whole = {
  ...head,
  choices: [{ text: " a time", index: 0, logprobs: null, finish_reason: "stop" }],
  usage: chatUsage(2),
};
const frames = (words: readonly string[]) => [
  ...words.map((text, index) => {
    const finish_reason = index === words.length - 1 ? "stop" : null;
    return `data: ${JSON.stringify({ ...head, choices: [{ text, index: 0, logprobs: null, finish_reason }] })}\n\n`;
  }),
  `data: ${JSON.stringify({ ...head, choices: [], usage: chatUsage(words.length) })}\n\n`,
  "data: [DONE]\n\n",
];
beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((call, response) =>
    call.body.stream === true
      ? sendEvents(response, frames([" a", " time"]))
      : void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole)),
  );
});

describe("a completion through a provider", () => {
  test("is answered in the provider's own bytes, and booked", async () => {
    const response = await server.post(path, ask);
    const text = await response.text();
    expect(text).toBe(JSON.stringify(whole));
    expect(completion.safeParse(JSON.parse(text)).success).toBe(true);
    expect(provider.calls[0]).toMatchObject({ path: "/v1/completions", body: { ...ask, model: "upstream-base" } });
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", input_tokens: 7, output_tokens: 2 });
  });

  test.each([[["Once", "Twice"]], [[1, 2, 3]], [[[1, 2], [3]]], [null]])(
    "takes the prompt %j as it is",
    async (prompt) => {
      const settings = { suffix: "end", echo: true, logprobs: 2, best_of: 3, n: 2, max_tokens: 0, seed: 1 };
      expect((await server.post(path, { ...ask, prompt, ...settings })).status).toBe(200);
      expect(provider.calls[0]?.body).toEqual({ model: "upstream-base", prompt, ...settings });
    },
  );

  test("streams its text, without the usage chunk that was not asked for, and is booked", async () => {
    const response = await server.post(path, { ...ask, stream: true });
    const text = await response.text();
    expect(text).toBe([...frames([" a", " time"]).slice(0, 2), "data: [DONE]\n\n"].join(""));
    expect(provider.calls[0]?.body.stream_options).toEqual({ include_usage: true });
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: false, output_tokens: 2 });
    const asked = await server.post(path, { ...ask, stream: true, stream_options: { include_usage: true } });
    expect(await asked.text()).toBe(frames([" a", " time"]).join(""));
  });

  test("that breaks off has its counted tokens booked, and tells an error", async () => {
    provider.answer((_, response) => sendEvents(response, frames([" a", "", " long", " time"]).slice(0, 3)));
    const response = await server.post(path, { ...ask, stream: true });
    expect(await response.text()).toContain('"code":"upstream_failed"');
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", estimated: true, output_tokens: 2 });
  });

  test.each([
    [true, 0],
    [false, 7],
  ])("that tells zero tokens is believed where the prompt is all of it (echo: %j)", async (echo, booked) => {
    const choices = [{ text: "once upon a time in a land", index: 0, logprobs: null, finish_reason: "length" }];
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...whole, choices, usage: chatUsage(0) }));
    });
    const response = await server.post(path, { ...ask, echo, max_tokens: 0 });
    expect(response.status).toBe(200);
    expect(await usageOf(server, response)).toMatchObject({ estimated: !echo, output_tokens: booked });
  });

  test("is understood by the official SDK", async () => {
    expect((await server.client.completions.create(ask)).choices[0]?.text).toBe(" a time");
    let text = "";
    for await (const chunk of await server.client.completions.create({ ...ask, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    expect(text).toBe(" a time");
  });
});

describe("what can't be completed is refused, and nobody is asked", () => {
  test.each([
    ["no prompt", { prompt: undefined }, 400, "missing_required_parameter", "prompt"],
    ["an empty list of prompts", { prompt: [] }, 400, "empty_array", "prompt"],
    ["a token below zero", { prompt: [-1] }, 400, "integer_below_min_value", "prompt[0]"],
    ["texts and tokens mixed", { prompt: ["a", 1] }, 400, "invalid_type", "prompt[1]"],
    ["an unknown model", { model: "nobody" }, 404, "model_not_found", "model"],
    ["a model that only chats", { model: "chatty" }, 400, "unsupported_value", "model"],
    ["a local model", { model: "small" }, 404, "model_not_found", "model"],
    ["best_of below n", { best_of: 1, n: 2 }, 400, "invalid_value", "best_of"],
    ["a stream of the best", { best_of: 2, stream: true }, 400, "invalid_value", "best_of"],
    ["6 logprobs", { logprobs: 6 }, 400, "integer_above_max_value", "logprobs"],
    ["21 to choose from", { best_of: 21 }, 400, "integer_above_max_value", "best_of"],
    ["five stops", { stop: ["a", "b", "c", "d", "e"] }, 400, "array_above_max_length", "stop"],
    ["10^12 tokens", { max_tokens: 1e12 }, 400, "integer_above_max_value", "max_tokens"],
    ["a chat's messages", { messages: [] }, 400, "unknown_parameter", "messages"],
  ])("%s", async (_, extra, status, code, param) => {
    const response = await server.post(path, { ...ask, ...extra });
    const { error } = (await response.json()) as { error: { code: string; param: string } };
    expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param });
    expect(provider.calls).toHaveLength(0);
  });
});
