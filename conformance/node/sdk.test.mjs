/** The official Node SDK, unmodified, against a real server with real models. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from "openai";
import { chatModel, embeddingModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey });
});
after(() => server.stop());

const messages = [{ role: "user", content: "What is the capital of France? Answer in one short sentence." }];
const settings = { model: chatModel, temperature: 0, max_tokens: 40 };

describe("models", () => {
  test("are listed and retrieved", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, [embeddingModel, chatModel]);
    assert.equal((await client.models.retrieve(chatModel)).id, chatModel);
  });
});

describe("chat completions", () => {
  test("answer a question", async () => {
    const answer = await client.chat.completions.create({ ...settings, messages });
    assert.match(answer.choices[0].message.content, /Paris/);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.match(answer._request_id, /^req_/);
  });

  test("stream the same answer", async () => {
    const whole = await client.chat.completions.create({ ...settings, messages });
    let text = "";
    let usage;
    const stream = await client.chat.completions.create({
      ...settings,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.deepEqual(usage, whole.usage);
  });

  test("the SDK's stream helper accepts the stream", async () => {
    const final = await client.chat.completions.stream({ ...settings, messages }).finalChatCompletion();
    assert.match(final.choices[0].message.content, /Paris/);
  });
});

describe("responses", () => {
  test("answer, are retrieved, continued and deleted", async () => {
    const first = await client.responses.create({
      model: chatModel,
      temperature: 0,
      max_output_tokens: 40,
      input: "My name is Ada.",
    });
    assert.equal(first.status, "completed");
    assert.ok(first.output_text.length > 0);
    assert.deepEqual((await client.responses.retrieve(first.id)).output, first.output);
    const second = await client.responses.create({
      model: chatModel,
      temperature: 0,
      max_output_tokens: 40,
      input: "What is my name?",
      previous_response_id: first.id,
    });
    assert.match(second.output_text, /Ada/);
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.retrieve(first.id), NotFoundError);
  });

  test("stream through the SDK's accumulator", async () => {
    const stream = client.responses.stream({
      model: chatModel,
      temperature: 0,
      max_output_tokens: 40,
      input: "What is the capital of France?",
    });
    let text = "";
    stream.on("response.output_text.delta", (event) => {
      text += event.delta;
    });
    const final = await stream.finalResponse();
    assert.equal(final.output_text, text);
    assert.equal(final.status, "completed");
  });

  test("say that they were cut at max_output_tokens", async () => {
    const cut = await client.responses.create({
      model: chatModel,
      temperature: 0,
      max_output_tokens: 4,
      input: "Count from one to one hundred.",
    });
    assert.equal(cut.status, "incomplete");
    assert.deepEqual(cut.incomplete_details, { reason: "max_output_tokens" });
    assert.equal(cut.usage.output_tokens, 4);
  });
});

describe("embeddings", () => {
  test("put near texts near, in floats as in the SDK's default base64", async () => {
    const input = ["A cat sits on the mat", "A kitten rests on a rug", "Quarterly tax law for shipping firms"];
    const { data, usage } = await client.embeddings.create({ model: embeddingModel, input });
    const [cat, kitten, tax] = data.map((each) => each.embedding);
    assert.equal(cat.length, 384);
    assert.ok(dot(cat, kitten) > dot(cat, tax) + 0.2);
    assert.ok(usage.prompt_tokens > 10);
    const floats = await client.embeddings.create({ model: embeddingModel, input: input[0], encoding_format: "float" });
    assert.ok(dot(floats.data[0].embedding, cat) > 0.9999);
  });
});

describe("errors become the SDK's own classes", () => {
  test("a wrong key", async () => {
    const stranger = new OpenAI({ baseURL: server.baseUrl, apiKey: `${server.apiKey}x` });
    await assert.rejects(stranger.models.list(), AuthenticationError);
  });
  test("an unknown model", async () => {
    await assert.rejects(
      client.chat.completions.create({ model: "gpt-nobody", messages }),
      (error) => error instanceof NotFoundError && error.code === "model_not_found" && error.param === "model",
    );
  });
  test("a conversation longer than the model's context", async () => {
    const long = [{ role: "user", content: "word ".repeat(40_000) }];
    await assert.rejects(
      client.chat.completions.create({ ...settings, messages: long }),
      (error) => error instanceof BadRequestError && error.code === "context_length_exceeded",
    );
    await assert.rejects(
      async () => {
        for await (const _ of await client.responses.create({
          model: chatModel,
          input: long[0].content,
          stream: true,
        }));
      },
      (error) => error instanceof BadRequestError && error.code === "context_length_exceeded",
    );
  });
  test("an image for a model that reads text", async () => {
    const content = [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }];
    await assert.rejects(
      client.chat.completions.create({ ...settings, messages: [{ role: "user", content }] }),
      (error) => error instanceof BadRequestError && error.code === "unsupported_modality",
    );
  });
  test("a tool, which this version does not serve on local models", async () => {
    const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
    await assert.rejects(
      client.chat.completions.create({ ...settings, messages, tools }),
      (error) => error instanceof BadRequestError && error.code === "unsupported_parameter" && error.param === "tools",
    );
  });
});

function dot(left, right) {
  return left.reduce((sum, value, index) => sum + value * right[index], 0);
}
