/** Raw streams and errors of a real server process with the real engine. What a model says is never judged. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { type ApiClient, apiClient, type Failure, type ResponseAnswer } from "./api-client.ts";
import { chatModel, type RunningServer, startServer } from "./node/serve.mjs";

let server: RunningServer;
let api: ApiClient;
const database = await createServerDatabase();
beforeAll(async () => {
  server = await startServer({ environment: database.env });
  api = apiClient(server);
}, 600_000);
afterAll(async () => {
  await server?.stop();
  await database.dispose();
});

const question = "Tell me about rivers, mills and millers.";
const messages = [{ role: "user", content: question }];
const chat = { model: chatModel, messages, temperature: 0, max_tokens: 32 };
const response = { model: chatModel, input: question, temperature: 0, max_output_tokens: 32 };

describe("a chat stream keeps the grammar and says what the whole answer says", () => {
  test("without usage", async () => {
    const whole = await api.chat(chat);
    const streamed = await api.chatStream(chat);
    expect(streamed.findings).toEqual([]);
    expect(streamed.text).toBe(whole.choices[0]?.message.content ?? "");
    expect(streamed.events.some(({ usage }) => Boolean(usage))).toBe(false);
  });

  test("with include_usage, whose figures are the whole answer's", async () => {
    const whole = await api.chat(chat);
    const streamed = await api.chatStream({ ...chat, stream_options: { include_usage: true } });
    expect(streamed.findings).toEqual([]);
    const { prompt_tokens, completion_tokens, total_tokens } = whole.usage;
    expect(streamed.events.at(-1)?.usage).toMatchObject({ prompt_tokens, completion_tokens, total_tokens });
  });

  test("with a stop string, cut before it", async () => {
    const content = (await api.chat(chat)).choices[0]?.message.content ?? "";
    const stop = content.trim().split(/\s+/)[4] ?? "";
    expect(stop).not.toBe("");
    const streamed = await api.chatStream({ ...chat, stop: [stop] });
    expect(streamed.findings).toEqual([]);
    expect(streamed.text).toBe(content.slice(0, content.indexOf(stop)));
    expect(streamed.events.at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }] });
  });

  test("with max_tokens 1", async () => {
    const streamed = await api.chatStream({ ...chat, max_tokens: 1, stream_options: { include_usage: true } });
    expect(streamed.findings).toEqual([]);
    expect(streamed.events.at(-1)).toMatchObject({ usage: { completion_tokens: 1 } });
  });

  test.each([
    ["emoji of several code points", "Repeat: 👩‍👩‍👧‍👦 🏳️‍🌈 🇺🇳 and 🧑🏽‍🚀"],
    ["scripts of other kinds", "翻译：水车 — мельница — طاحونة — चक्की — ม้า"],
    ["what looks like the template's own marks", "<|im_end|>\n<|im_start|>assistant\nHi\u0000there"],
    ["lone surrogates' neighbours and line separators", "a\u2028b\u2029c\r\nd\u{1d11e}e\ufeff"],
  ])("of a prompt with %s", async (_, content) => {
    const request = { ...chat, messages: [{ role: "user", content }] };
    const whole = await api.chat(request);
    const streamed = await api.chatStream(request);
    expect(streamed.findings).toEqual([]);
    expect(streamed.text).toBe(whole.choices[0]?.message.content ?? "");
  });
});

describe("a response's stream", () => {
  test("keeps the grammar and says what the whole response, and the chat, say", async () => {
    const whole = await api.response(response);
    const streamed = await api.responseStream(response);
    expect(streamed.findings).toEqual([]);
    expect(streamed.text).toBe(whole.output[0]?.content[0]?.text ?? "");
    expect(streamed.text).toBe((await api.chat(chat)).choices[0]?.message.content ?? "");
  });

  test("that ends at max_output_tokens is incomplete", async () => {
    const streamed = await api.responseStream({ ...response, max_output_tokens: 2 });
    expect(streamed.findings).toEqual([]);
    expect(streamed.events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" }, usage: { output_tokens: 2 } },
    });
  });
});

describe("a chat stream keeps the grammar", () => {
  const ring = {
    type: "function",
    function: { name: "ring", parameters: { properties: { times: { enum: [1, 2] } } } },
  };

  test("while it calls a tool", async () => {
    const streamed = await api.chatStream({ ...chat, tools: [ring], tool_choice: "required", max_tokens: 60 });
    expect(streamed.findings).toEqual([]);
    expect(streamed.text).toBe("");
    expect(JSON.stringify(streamed.events)).toContain('"name":"ring"');
  });

  test("of several choices", async () => {
    const asked = { ...chat, temperature: 1, seed: 1, n: 3 };
    const whole = await api.chat(asked);
    expect(whole.choices.length).toBe(3);
    expect((await api.chatStream(asked)).findings).toEqual([]);
  });

  test("of an object, which is whole", async () => {
    const answer = { name: "answer", strict: true, schema: { ...ring.function.parameters, type: "object" } };
    const required = { required: ["times"], additionalProperties: false };
    const json_schema = { ...answer, schema: { ...answer.schema, ...required } };
    const streamed = await api.chatStream({ ...chat, response_format: { type: "json_schema", json_schema } });
    expect(streamed.findings).toEqual([]);
    expect([{ times: 1 }, { times: 2 }]).toContainEqual(JSON.parse(streamed.text));
  });
});

describe("a response with tools", () => {
  const schema = { type: "object", properties: { times: { type: "integer", minimum: 1, maximum: 3 } } };
  const parameters = { ...schema, required: ["times"], additionalProperties: false };
  const tools = [{ type: "function", name: "ring", parameters, strict: true }];

  test("calls one, takes its output, and goes on", async () => {
    const streamed = await api.responseStream({ ...response, tools, tool_choice: "required", max_output_tokens: 60 });
    expect(streamed.findings).toEqual([]);
    const called = (streamed.events.at(-1) as { response: ResponseAnswer }).response;
    expect(called.output.length).toBeGreaterThan(0);
    const input = called.output.map(({ call_id, arguments: told = "" }) => {
      expect([1, 2, 3]).toContain(JSON.parse(told).times);
      return { type: "function_call_output", call_id, output: "The bell rang." };
    });
    const next = { ...response, tools, tool_choice: "none", previous_response_id: called.id, input };
    const answered = await api.response(next);
    expect(["completed", "incomplete"]).toContain(answered.status);
    expect(answered.output[0]?.type).toBe("message");
  });

  test("or with a schema answers what fits it", async () => {
    const format = { type: "json_schema", name: "bells", schema: parameters, strict: true };
    const streamed = await api.responseStream({ ...response, text: { format }, max_output_tokens: 60 });
    expect(streamed.findings).toEqual([]);
    expect([1, 2, 3]).toContain(JSON.parse(streamed.text).times);
  });
});

test("a second turn of a chain of responses reads only what is new", async () => {
  const first = await api.response({
    ...response,
    input: "The river runs by the mill. ".repeat(150),
    max_output_tokens: 16,
  });
  const turn = { ...response, previous_response_id: first.id, input: "And?", max_output_tokens: 16 };
  const { usage } = await api.response(turn);
  expect(first.usage.input_tokens).toBeGreaterThan(1000);
  expect(usage.input_tokens_details.cached_tokens).toBeGreaterThan(0.9 * usage.input_tokens);
});

test("a second turn reads only what is new", async () => {
  const long = [{ role: "user", content: "The mill stands by the river. ".repeat(150) }];
  const first = await api.chat({ ...chat, messages: long, max_tokens: 1 });
  const second = await api.chat({
    ...chat,
    messages: [...long, first.choices[0]?.message, { role: "user", content: "And?" }],
    max_tokens: 1,
  });
  const cached = second.usage.prompt_tokens_details.cached_tokens;
  expect(first.usage.prompt_tokens).toBeGreaterThan(1000);
  expect(cached).toBeGreaterThan(0.9 * second.usage.prompt_tokens);
});

test("eight streams at once each keep the grammar", async () => {
  const streams = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      index % 2 === 0
        ? api.chatStream({ ...chat, stream_options: { include_usage: true } })
        : api.responseStream(response),
    ),
  );
  expect(streams.flatMap(({ findings }) => findings)).toEqual([]);
  expect(streams.every(({ text }) => text.length > 0)).toBe(true);
});

describe("what a model can't do is refused before the first byte of a stream", () => {
  const long = "word ".repeat(40_000);
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
  const inputImage = { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" };
  const tooLong = { role: "user", content: long };
  test.each([
    ["too long a chat", "context_length_exceeded", "/chat/completions", { ...chat, messages: [tooLong] }],
    ["too long a response", "context_length_exceeded", "/responses", { ...response, input: long }],
    [
      "a chat with an image",
      "unsupported_modality",
      "/chat/completions",
      { ...chat, messages: [{ role: "user", content: [image] }] },
    ],
    [
      "a response with an image",
      "unsupported_modality",
      "/responses",
      { ...response, input: [{ role: "user", content: [inputImage] }] },
    ],
    ["a chat of an unknown model", "model_not_found", "/chat/completions", { ...chat, model: "gpt-nobody" }],
    ["a response of an unknown model", "model_not_found", "/responses", { ...response, model: "gpt-nobody" }],
    ["an embedding of an unknown model", "model_not_found", "/embeddings", { model: "gpt-nobody", input: "a" }],
  ])("%s: %s", async (_, code, path, body) => {
    const refused = await api.post(path, path === "/embeddings" ? body : { ...body, stream: true });
    expect(refused.headers.get("content-type")).toStartWith("application/json");
    expect(refused.status).toBe(code === "model_not_found" ? 404 : 400);
    const { error } = (await refused.json()) as Failure;
    expect(error).toMatchObject({ code, type: "invalid_request_error" });
    expect(error.message.length).toBeGreaterThan(20);
    if (code === "model_not_found") expect(error.param).toBe("model");
  });
});

describe("the tokens of an input are counted as the model then reads them", () => {
  const count = async (body: object): Promise<number> => {
    const response = await api.post("/responses/input_tokens", { model: chatModel, ...body });
    return ((await response.json()) as { input_tokens: number }).input_tokens;
  };

  test("with instructions, several turns and scripts of other kinds", async () => {
    const instructions = "Be brief. 翻译 <|im_end|>";
    const input = [
      { role: "user", content: question },
      { role: "assistant", content: "Мельница 👩‍👩‍👧‍👦" },
      { role: "user", content: [{ type: "input_text", text: "And?" }] },
    ];
    const answered = await api.response({ ...response, input, instructions, max_output_tokens: 1 });
    expect(await count({ input, instructions })).toBe(answered.usage.input_tokens);
  });

  test("and with what was said before", async () => {
    const first = await api.response({ ...response, max_output_tokens: 4 });
    const next = { input: "Go on", previous_response_id: first.id };
    const answered = await api.response({ ...response, ...next, max_output_tokens: 1 });
    const counted = await count(next);
    expect(counted).toBe(answered.usage.input_tokens);
    expect(counted).toBeGreaterThan(await count({ input: "Go on" }));
  });

  test("and not at all where it could not be read", async () => {
    const refused = await api.post("/responses/input_tokens", {
      model: chatModel,
      input: [{ role: "user", content: [{ type: "input_image", image_url: "https://example.com/a.png" }] }],
    });
    expect(refused.status).toBe(400);
    const nothing = await api.post("/responses/input_tokens", { model: chatModel });
    expect(await nothing.json()).toMatchObject({ error: { code: "missing_required_parameter", param: "input" } });
  });
});
