import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { ModelPart } from "../../ports/language-model.ts";
import { sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { speakResponses, spoken } from "../../testing/spoken-response.ts";
import { chatText, readChatStream } from "../../testing/streams.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["responses"], "native") });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;

const path = "/v1/chat/completions";
const user = { role: "user", content: "Hello" };
const ask = { model: "native", messages: [user] };
const usage = { inputTokens: 7, cachedInputTokens: 3, outputTokens: 4, reasoningTokens: 1 };
const stop: ModelPart = { type: "finish", reason: "stop", usage };
const text = (word: string): ModelPart => ({ type: "text-delta", text: word, tokens: 1 });

const say = (...parts: readonly ModelPart[]) => provider.answer(speakResponses(...parts));

beforeEach(() => {
  provider.calls.length = 0;
  say(text("Hel"), text("lo"), stop);
});

const told = () => provider.calls.at(-1)?.body as Json;

async function create(extra: object = {}): Promise<Json & { choices: { message: Json; finish_reason: string }[] }> {
  const response = await server.post(path, { ...ask, ...extra });
  expect(response.status).toBe(200);
  return (await response.json()) as Json & { choices: { message: Json; finish_reason: string }[] };
}

describe("a chat completion of a model that speaks Responses only", () => {
  test("is asked for as a response that nobody stores", async () => {
    const schema = { type: "object" };
    await create({
      messages: [
        { role: "system", content: "Be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
          ],
        },
        {
          role: "assistant",
          content: "Looking",
          tool_calls: [
            { id: "call_a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "call_b", type: "custom", custom: { name: "g", input: "x" } },
          ],
        },
        { role: "tool", tool_call_id: "call_a", content: "1" },
        { role: "tool", tool_call_id: "call_b", content: [{ type: "text", text: "2" }] },
      ],
      max_completion_tokens: 20,
      temperature: 0,
      reasoning_effort: "low",
      verbosity: "low",
      response_format: { type: "json_schema", json_schema: { name: "thing", schema, strict: true } },
      tools: [
        { type: "function", function: { name: "f", description: "F" } },
        {
          type: "custom",
          custom: { name: "g", format: { type: "grammar", grammar: { syntax: "regex", definition: "x" } } },
        },
      ],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
      },
      parallel_tool_calls: false,
      logprobs: true,
      top_logprobs: 2,
      user: "u",
    });
    expect(told()).toEqual({
      model: "upstream-native",
      input: [
        { type: "message", role: "system", content: "Be brief" },
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "See" },
            { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "auto" },
          ],
        },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Looking", annotations: [] }] },
        { type: "function_call", call_id: "call_a", name: "f", arguments: "{}" },
        { type: "custom_tool_call", call_id: "call_b", name: "g", input: "x" },
        { type: "function_call_output", call_id: "call_a", output: "1" },
        { type: "custom_tool_call_output", call_id: "call_b", output: [{ type: "input_text", text: "2" }] },
      ],
      store: false,
      max_output_tokens: 20,
      temperature: 0,
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "thing", schema, strict: true }, verbosity: "low" },
      tools: [
        {
          type: "function",
          name: "f",
          description: "F",
          parameters: { type: "object", properties: {} },
          strict: false,
        },
        { type: "custom", name: "g", format: { type: "grammar", syntax: "regex", definition: "x" } },
      ],
      tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] },
      parallel_tool_calls: false,
      include: ["message.output_text.logprobs"],
      top_logprobs: 2,
      user: "u",
    });
  });

  test("answers, and is booked as what it is", async () => {
    const response = await server.post(path, ask);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{50}$/),
      object: "chat.completion",
      created: 1_700_000_000,
      model: "native",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      service_tier: "default",
      usage: {
        prompt_tokens: 7,
        completion_tokens: 4,
        total_tokens: 11,
        prompt_tokens_details: { cached_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    });
    expect(await usageOf(server, response)).toMatchObject({ status: "completed", estimated: false, output_tokens: 4 });
  });

  test.each([false, true])(
    "streams by the grammar of Chat Completions (usage asked for: %p)",
    async (include_usage) => {
      say({ type: "reasoning-delta", text: "Hm.", tokens: 1 }, text("Hel"), text("lo"), stop);
      const response = await server.post(path, { ...ask, stream: true, stream_options: { include_usage } });
      const chunks = await readChatStream(response, { includeUsage: include_usage });
      expect(chatText(chunks)).toBe("Hello");
      expect(await usageOf(server, response)).toMatchObject({
        status: "completed",
        estimated: false,
        output_tokens: 4,
      });
    },
  );

  const calls: ModelPart[] = [
    { type: "function-call-start", index: 0, name: "f", callId: "call_a" },
    { type: "call-delta", index: 0, text: '{"a":', tokens: 1 },
    { type: "call-delta", index: 0, text: "1}", tokens: 1 },
    { type: "custom-call-start", index: 1, name: "g", callId: "call_b" },
    { type: "call-delta", index: 1, text: "x", tokens: 1 },
    { type: "finish", reason: "tool_calls", usage },
  ];
  const tool_calls = [
    { id: "call_a", type: "function", function: { name: "f", arguments: '{"a":1}' } },
    { id: "call_b", type: "custom", custom: { name: "g", input: "x" } },
  ];

  test("tells calls, whole and streamed", async () => {
    say(...calls);
    const [choice] = (await create()).choices;
    expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null, tool_calls } });
    const chunks = await readChatStream(await server.post(path, { ...ask, stream: true }));
    expect((chunks.at(-1) as { choices: Json[] }).choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("is understood by the official SDK's accumulator", async () => {
    say(...calls.slice(0, 3), { type: "finish", reason: "tool_calls", usage });
    const stream = server.client.chat.completions.stream({
      model: "native",
      messages: [{ role: "user", content: "x" }],
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.tool_calls).toMatchObject([tool_calls[0] as Json]);
    expect(final.usage?.completion_tokens).toBe(4);
  });

  test("tells probabilities and refusals", async () => {
    const logprobs = [
      { token: "Hi", logprob: -0.5, bytes: [72, 105], top: [{ token: "Ho", logprob: -1, bytes: [72, 111] }] },
    ];
    const content = [
      { token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [{ token: "Ho", logprob: -1, bytes: [72, 111] }] },
    ];
    say(
      { type: "text-delta", text: "Hi", tokens: 1, logprobs },
      { type: "refusal-delta", text: "No.", tokens: 1 },
      stop,
    );
    expect((await create()).choices).toMatchObject([
      { message: { content: "Hi", refusal: "No." }, logprobs: { content } },
    ]);
    const chunks = await readChatStream(await server.post(path, { ...ask, stream: true }));
    expect(chunks.map((chunk) => (chunk.choices as Json[])[0])).toMatchObject([
      { delta: { role: "assistant" } },
      { delta: { content: "Hi" }, logprobs: { content } },
      { delta: { refusal: "No." } },
      { finish_reason: "stop" },
    ]);
  });

  test.each(["length", "content_filter"] as const)("ends with finish_reason %s", async (reason) => {
    say(text("He"), { type: "finish", reason, usage });
    expect((await create()).choices[0]?.finish_reason).toBe(reason);
    const chunks = await readChatStream(await server.post(path, { ...ask, stream: true }));
    expect((chunks.at(-1) as { choices: Json[] }).choices[0]?.finish_reason).toBe(reason);
  });
});

describe("a stream that goes wrong tells one error, and is booked so", () => {
  const cases: [string, (frames: string[]) => string[]][] = [
    ["cut in the middle", (frames) => frames.slice(0, 5)],
    ["cut before its first event", () => []],
    ["with an event that is no JSON", (frames) => [...frames.slice(0, 5), "data: { oops\n\n"]],
    ["that begins in its middle", (frames) => frames.slice(4)],
  ];
  test.each(cases)("%s", async (_, spoil) => {
    const { frames } = await spoken([text("Hel"), text("lo"), stop]);
    provider.answer((__, response) => sendEvents(response, spoil(frames)));
    const response = await server.post(path, { ...ask, stream: true });
    const chunks = await readChatStream(response);
    expect(chunks.filter((chunk) => chunk.error)).toMatchObject([{ error: { code: "upstream_failed" } }]);
    expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
  });

  test("whose upstream tells a failure", async () => {
    say(text("Hel"));
    const response = await server.post(path, { ...ask, stream: true });
    const chunks = await readChatStream(response);
    expect(chunks.filter((chunk) => chunk.error)).toMatchObject([{ error: { code: "upstream_failed" } }]);
    const plain = await server.post(path, ask);
    expect(plain.status).toBe(502);
  });

  test("an answer that is no response", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"choices":[]}');
    });
    const response = await server.post(path, ask);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_failed" } });
  });
});

describe("what Responses has no word for is refused by its name", () => {
  test.each<[object, string]>([
    [{ n: 2 }, "n"],
    [{ stop: ["x"] }, "stop"],
    [{ seed: 1 }, "seed"],
    [{ logit_bias: { "1": 1 } }, "logit_bias"],
    [{ presence_penalty: 1 }, "presence_penalty"],
    [{ frequency_penalty: 1 }, "frequency_penalty"],
    [{ prediction: { type: "content", content: "x" } }, "prediction"],
    [{ modalities: ["text", "audio"] }, "modalities[1]"],
    [{ messages: [{ ...user, name: "Ann" }] }, "messages[0].name"],
    [
      { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AA", format: "wav" } }] }] },
      "messages[0].content[0]",
    ],
    [
      { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] },
      "messages[0].content[0].file.file_id",
    ],
  ])("%j", async (extra, param) => {
    const response = await server.post(path, { ...ask, ...extra });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported_parameter", param } });
    expect(provider.calls).toHaveLength(0);
  });
});
