/** The official Node SDK, unmodified, against a real server with real models. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from "openai";
import { chatModel, embeddingModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey });
});
after(() => server?.stop());

// The models are small and often wrong: what they say is compared with itself, and never with the truth.
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
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.ok(["stop", "length"].includes(answer.choices[0].finish_reason));
    assert.ok(answer.usage.prompt_tokens > 10 && answer.usage.completion_tokens > 0);
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
    // How much of the prompt was remembered may differ.
    for (const field of ["prompt_tokens", "completion_tokens", "total_tokens"])
      assert.equal(usage[field], whole.usage[field]);
  });

  const place = {
    type: "object",
    properties: { city: { type: "string", maxLength: 20 }, isCapital: { type: "boolean" } },
    required: ["city", "isCapital"],
    additionalProperties: false,
  };
  const isPlace = ({ city, isCapital }) => typeof city === "string" && typeof isCapital === "boolean";

  test("call a tool, whole and through the SDK's stream helper, and go on with what came of it", async () => {
    const tools = [{ type: "function", function: { name: "look_up", strict: true, parameters: place } }];
    const tool_choice = { type: "function", function: { name: "look_up" } };
    const asked = { ...settings, messages, tools, tool_choice, parallel_tool_calls: false, max_tokens: 120 };
    const { message } = (await client.chat.completions.create(asked)).choices[0];
    const [call] = message.tool_calls;
    assert.equal(call.function.name, "look_up");
    assert.ok(isPlace(JSON.parse(call.function.arguments)));
    const streamed = (await client.chat.completions.stream(asked).finalChatCompletion()).choices[0].message;
    assert.deepEqual(streamed.tool_calls[0].function.arguments, call.function.arguments);
    const answered = [...messages, message, { role: "tool", tool_call_id: call.id, content: "Paris" }];
    const next = await client.chat.completions.create({ ...settings, messages: answered, tools });
    assert.ok(next.usage.prompt_tokens_details.cached_tokens > 0);
  });

  test("follow a schema, which the SDK parses", async () => {
    const response_format = { type: "json_schema", json_schema: { name: "place", strict: true, schema: place } };
    const answer = await client.chat.completions.parse({ ...settings, messages, response_format, max_tokens: 120 });
    assert.ok(isPlace(JSON.parse(answer.choices[0].message.content)));
  });

  test("give several choices with their likelihoods", async () => {
    const answer = await client.chat.completions.create({
      ...settings,
      messages,
      n: 2,
      logprobs: true,
      top_logprobs: 2,
      max_tokens: 8,
    });
    assert.deepEqual(
      answer.choices.map(({ index, logprobs }) => [
        index,
        logprobs.content.every((one) => one.top_logprobs.length === 2),
      ]),
      [
        [0, true],
        [1, true],
      ],
    );
  });

  test("stream through the SDK's helper, which makes the same answer of it", async () => {
    const whole = await client.chat.completions.create({ ...settings, messages });
    const final = await client.chat.completions.stream({ ...settings, messages }).finalChatCompletion();
    assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
    assert.equal(final.choices[0].finish_reason, whole.choices[0].finish_reason);
  });

  test("say the same again with the same seed", async () => {
    const seeded = { ...settings, temperature: 1, seed: 20_240_501, messages };
    const [one, other] = [await client.chat.completions.create(seeded), await client.chat.completions.create(seeded)];
    assert.equal(one.choices[0].message.content, other.choices[0].message.content);
  });

  test("take what is said of an account, a cache or a default, which changes nothing", async () => {
    const asked = { ...settings, messages, max_tokens: 8 };
    const whole = await client.chat.completions.create(asked);
    const told = await client.chat.completions.create({
      ...asked,
      user: "ada",
      safety_identifier: "ada",
      service_tier: "auto",
      prompt_cache_key: "mills",
      prompt_cache_retention: "24h",
      prompt_cache_options: { mode: "implicit" },
      modalities: ["text"],
      verbosity: "medium",
    });
    assert.equal(told.choices[0].message.content, whole.choices[0].message.content);
  });

  test("end at max_tokens with finish_reason length", async () => {
    const cut = await client.chat.completions.create({ ...settings, messages, max_tokens: 3 });
    assert.equal(cut.choices[0].finish_reason, "length");
    assert.equal(cut.usage.completion_tokens, 3);
  });
});

describe("responses", () => {
  const short = { model: chatModel, temperature: 0, max_output_tokens: 12 };

  test("answer and are retrieved as they were", async () => {
    const first = await client.responses.create({ ...short, input: "My name is Ada." });
    assert.ok(["completed", "incomplete"].includes(first.status));
    assert.ok(first.output_text.length > 0);
    assert.equal(first.usage.total_tokens, first.usage.input_tokens + first.usage.output_tokens);
    const kept = await client.responses.retrieve(first.id);
    assert.deepEqual(kept.output, first.output);
    assert.deepEqual(kept.usage, first.usage);
  });

  test("continue an earlier one, whose words are read again", async () => {
    const input = "What is my name?";
    const first = await client.responses.create({ ...short, input: "My name is Ada." });
    const alone = await client.responses.create({ ...short, input });
    const second = await client.responses.create({ ...short, input, previous_response_id: first.id });
    assert.equal(second.previous_response_id, first.id);
    assert.ok(second.usage.input_tokens >= alone.usage.input_tokens + first.usage.output_tokens);
  });

  test("are gone when they were deleted", async () => {
    const first = await client.responses.create({ ...short, input: "Hello." });
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.retrieve(first.id), NotFoundError);
    await assert.rejects(
      client.responses.create({ ...short, input: "And now?", previous_response_id: first.id }),
      (error) => error.code === "previous_response_not_found" && error.param === "previous_response_id",
    );
  });

  test("stream through the SDK's accumulator what is answered whole", async () => {
    const asked = { ...short, input: "What is the capital of France?" };
    const stream = client.responses.stream(asked);
    let text = "";
    stream.on("response.output_text.delta", (event) => {
      text += event.delta;
    });
    const final = await stream.finalResponse();
    const whole = await client.responses.create(asked);
    assert.equal(text, whole.output_text);
    assert.equal(final.output_text, whole.output_text);
    assert.equal(final.status, whole.status);
    // How much of the prompt was remembered may differ.
    for (const field of ["input_tokens", "output_tokens", "total_tokens"])
      assert.equal(final.usage[field], whole.usage[field]);
  });

  test("say that they were cut at max_output_tokens", async () => {
    const cut = await client.responses.create({
      model: chatModel,
      temperature: 0,
      max_output_tokens: 4,
      input: "Tell me a long story about a river, a mill and a miller.",
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
    assert.equal(usage.total_tokens, usage.prompt_tokens);
    const floats = await client.embeddings.create({ model: embeddingModel, input, encoding_format: "float" });
    floats.data.forEach(({ embedding, index }) => {
      assert.ok(dot(embedding, data[index].embedding) > 0.9999);
      assert.ok(Math.abs(dot(embedding, embedding) - 1) < 1e-4);
    });
    assert.deepEqual(floats.usage, usage);
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
  test("a choice of a tool that is not there", async () => {
    const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
    const tool_choice = { type: "function", function: { name: "g" } };
    await assert.rejects(
      client.chat.completions.create({ ...settings, messages, tools, tool_choice }),
      (error) => error instanceof BadRequestError && error.param === "tool_choice",
    );
  });
});

describe("what is wrong with a request is told by OpenAI's code and parameter", () => {
  const chat = (change) => () => client.chat.completions.create({ ...settings, messages, ...change });
  const respond = (change) => () => client.responses.create({ model: chatModel, input: "Hello", ...change });
  const anything = { type: "object", properties: { city: { type: "string" } } };
  const format = { type: "json_schema", name: "place", strict: true, schema: anything };
  for (const [name, ask, code, param] of [
    ["a temperature out of range", chat({ temperature: 3 }), "decimal_above_max_value", "temperature"],
    ["a temperature in words", respond({ temperature: "hot" }), "invalid_type", "temperature"],
    ["a parameter that nobody knows", chat({ colour: "red" }), "unknown_parameter", "colour"],
    ["no messages", chat({ messages: [] }), "empty_array", "messages"],
    ["no choice at all", chat({ n: 0 }), "integer_below_min_value", "n"],
    ["a schema that is not strict", respond({ text: { format } }), "invalid_json_schema", "text.format"],
  ]) {
    test(name, async () => {
      await assert.rejects(ask, (error) => {
        assert.ok(error instanceof BadRequestError);
        assert.match(error.requestID, /^req_/);
        assert.deepEqual([error.type, error.code, error.param], ["invalid_request_error", code, param]);
        return true;
      });
    });
  }

  test("a key of the organization's administration, by its missing scope", async () => {
    const admin = new OpenAI({ baseURL: server.baseUrl, apiKey: server.adminApiKey });
    await assert.rejects(
      admin.models.list(),
      (error) => error instanceof PermissionDeniedError && error.code === "missing_scope",
    );
  });
});

describe("a caller that leaves", () => {
  const endless = { model: chatModel, input: "Count from one to one thousand." };
  test("in a stream ends it, and is served again", async () => {
    const stream = client.responses.stream(endless);
    stream.on("response.output_text.delta", () => stream.abort());
    await assert.rejects(stream.finalResponse(), APIUserAbortError);
    assert.ok((await client.responses.create({ ...endless, max_output_tokens: 1 })).output_text);
  });
});

function dot(left, right) {
  return left.reduce((sum, value, index) => sum + value * right[index], 0);
}
