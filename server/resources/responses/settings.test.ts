import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { startChatLane } from "../../testing/chat-lane.ts";
import { chatChoiceFrames, chatFrames } from "../../testing/scripted-provider.ts";
import { readResponseStream } from "../../testing/streams.ts";

const lane = await startChatLane();
const { server, provider, say, told } = lane;
afterAll(() => lane[Symbol.asyncDispose]());
beforeEach(lane.reset);

const path = "/v1/responses";
const ask = { model: "chatty", input: "x" };

const create = (extra: object = {}) => lane.create({ ...ask, ...extra });

describe("what a request asks for is told in the words of Chat Completions, and said again in the answer", () => {
  const schema = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };
  const format = { type: "json_schema", name: "thing", schema, strict: true, description: "A thing." };
  test.each<[string, object, object, object]>([
    [
      "a strict schema",
      { text: { format } },
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "thing", schema, strict: true, description: "A thing." },
        },
      },
      { text: { format, verbosity: "medium" } },
    ],
    [
      "a schema that is not strict",
      { text: { format: { type: "json_schema", name: "thing", schema } } },
      { response_format: { type: "json_schema", json_schema: { name: "thing", schema } } },
      { text: { format: { type: "json_schema", name: "thing", schema } } },
    ],
    ["a JSON object", { text: { format: { type: "json_object" } } }, { response_format: { type: "json_object" } }, {}],
    ["verbosity", { text: { verbosity: "low" } }, { verbosity: "low" }, { text: { verbosity: "low" } }],
    ["effort", { reasoning: { effort: "high" } }, { reasoning_effort: "high" }, { reasoning: { effort: "high" } }],
    [
      "numbers",
      { temperature: 0, top_p: 0.5, max_output_tokens: 20 },
      { temperature: 0, top_p: 0.5, max_completion_tokens: 20 },
      { temperature: 0, top_p: 0.5, max_output_tokens: 20 },
    ],
    [
      "who asks, and what may be cached",
      { user: "u", safety_identifier: "s", prompt_cache_key: "k", prompt_cache_retention: "24h" },
      { user: "u", safety_identifier: "s", prompt_cache_key: "k", prompt_cache_retention: "24h" },
      { user: "u", safety_identifier: "s", prompt_cache_key: "k", prompt_cache_retention: "24h" },
    ],
    ["limits of hosted tools", { max_tool_calls: 2 }, {}, { max_tool_calls: 2 }],
  ])("%s", async (_, extra, chat, echoed) => {
    expect(await create(extra)).toMatchObject(echoed);
    expect(told()).toMatchObject(chat);
  });

  test("what is the caller's own business stays here", async () => {
    expect(await create({ metadata: { a: "b" }, store: false })).toMatchObject({ metadata: { a: "b" }, store: false });
    expect(told()).not.toHaveProperty("metadata");
    expect(told()).not.toHaveProperty("store");
  });

  test("the tier that served it is the one that the server tells", async () => {
    say(chatChoiceFrames([{ delta: { content: "Hi" } }], { serviceTier: "flex" }));
    expect(await create({ service_tier: "flex" })).toMatchObject({ service_tier: "flex" });
    expect(told()).toMatchObject({ service_tier: "flex" });
    say(chatChoiceFrames([{ delta: { content: "Hi" } }], { serviceTier: "on_demand" }));
    expect(await create({ service_tier: "auto" })).toMatchObject({ service_tier: "default" });
  });

  test.each([
    ["a summary", { reasoning: { summary: "detailed" } }, "reasoning.summary"],
    ["a mode", { reasoning: { mode: "pro" } }, "reasoning.mode"],
    ["a tier without a word for it", { service_tier: "ultrafast" }, "service_tier"],
  ])("%s that can't be told is refused by its name", async (_, extra, param) => {
    const response = await server.post(path, { ...ask, ...extra });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param, code: "unsupported_parameter" } });
  });
});

describe("probabilities", () => {
  const chance = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token)] });
  const choice = (token: string, content = token) => ({
    delta: { content },
    logprobs: { content: [{ ...chance(token, -0.5), top_logprobs: [chance("x", -2)] }], refusal: null },
  });

  test("stand with each delta, and with the whole text", async () => {
    say(chatChoiceFrames([choice("Hel"), choice("?", ""), choice("lo")]));
    const events = await readResponseStream(
      await server.post(path, { ...ask, stream: true, top_logprobs: 1, include: ["message.output_text.logprobs"] }),
    );
    expect(told()).toMatchObject({ logprobs: true, top_logprobs: 1 });
    const ofDelta = events
      .filter((event) => event.type === "response.output_text.delta")
      .map((event) => event.logprobs);
    const whole = (token: string) => ({ ...chance(token, -0.5), top_logprobs: [chance("x", -2)] });
    expect(ofDelta).toEqual([[whole("Hel")], [whole("?"), whole("lo")]]);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: "Hello", logprobs: ["Hel", "?", "lo"].map(whole) }] }] },
    });
  });

  test("are not asked for where nobody asks", async () => {
    await create({ top_logprobs: 0 });
    expect(told()).not.toHaveProperty("logprobs");
  });
});

describe("an answer that ends in another way", () => {
  test("a refusal is a part of its own", async () => {
    say(chatChoiceFrames([{ delta: { refusal: "I " } }, { delta: { refusal: "can't." } }]));
    const events = await readResponseStream(await server.post(path, { ...ask, stream: true }));
    expect(events.map((event) => event.type).slice(3, -2)).toEqual([
      "response.content_part.added",
      "response.refusal.delta",
      "response.refusal.delta",
      "response.refusal.done",
      "response.content_part.done",
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ content: [{ type: "refusal", refusal: "I can't." }] }] },
    });
  });

  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ])("finish_reason %s is incomplete because of %s, and so is the last item", async (finish, reason) => {
    say(chatChoiceFrames([{ delta: { content: "He" } }], { finish }));
    expect(await create()).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason },
      completed_at: null,
      output: [{ status: "incomplete" }],
    });
  });

  test("structured output is parsed by the official SDK", async () => {
    say(chatFrames(['{"a":', '"b"}']));
    const made = await server.client.responses.parse({
      ...ask,
      text: { format: { type: "json_schema", name: "thing", schema: { type: "object" } } },
    });
    expect(made.output_text).toBe('{"a":"b"}');
  });
});

describe("images and files", () => {
  const data = "data:image/png;base64,AA==";
  const content = (...parts: object[]) => ({ input: [{ role: "user", content: parts }] });

  test("are told to a model that may see them", async () => {
    await create(
      content(
        { type: "input_text", text: "What is this?" },
        { type: "input_image", image_url: data, detail: "low" },
        { type: "input_image", image_url: "https://example.com/a.png" },
        { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
      ),
    );
    expect(told().messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: data, detail: "low" } },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" } },
        ],
      },
    ]);
  });

  test.each<[string, object, string, string]>([
    ["an image without a URL", { type: "input_image", detail: "auto" }, "missing_required_parameter", ".image_url"],
    [
      "an image at an http: URL",
      { type: "input_image", image_url: "http://10.0.0.1/" },
      "unsupported_parameter",
      ".image_url",
    ],
    ["a file by its id", { type: "input_file", file_id: "file-1" }, "unsupported_parameter", ".file_id"],
    [
      "a file at a URL",
      { type: "input_file", file_url: "https://example.com/a.pdf" },
      "unsupported_parameter",
      ".file_url",
    ],
    ["a file without data", { type: "input_file", filename: "a.pdf" }, "missing_required_parameter", ".file_data"],
  ])("%s is refused by its name", async (_, part, code, end) => {
    const response = await server.post(path, { ...ask, ...content(part) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param: `input[0].content[0]${end}` } });
    expect(provider.calls).toHaveLength(0);
  });
});
