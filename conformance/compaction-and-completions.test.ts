/** Legacy completions and compaction by a real model, through a real server process. What a model says is never judged. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { completion } from "@headrace/contract/completions.ts";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import OpenAI, { BadRequestError } from "openai";
import { type ApiClient, apiClient } from "./api-client.ts";
import { chatModel, type RunningServer, startServer } from "./node/serve.mjs";

let server: RunningServer;
let client: OpenAI;
let api: ApiClient;
const database = await createServerDatabase();
beforeAll(async () => {
  server = await startServer({ environment: database.env });
  api = apiClient(server);
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey, maxRetries: 0 });
}, 600_000);
afterAll(async () => {
  await server?.stop();
  await database.dispose();
});

const ask = { model: chatModel, prompt: "Once upon a time, a miller", max_tokens: 12, temperature: 0 };

describe("a local model goes on from a text", () => {
  test("as it is, without a template, and tells what it used", async () => {
    const made = await client.completions.create(ask);
    expect(completion.safeParse(made).success).toBe(true);
    expect(made.choices[0]?.text).not.toBe("");
    expect(made.usage?.prompt_tokens).toBeLessThan(12);
    expect(made.usage?.completion_tokens).toBeLessThanOrEqual(12);
    const echoed = await client.completions.create({ ...ask, echo: true });
    expect(echoed.choices[0]?.text).toBe(`${ask.prompt}${made.choices[0]?.text}`);
  });

  test("streamed as it is whole, with a chunk for each token and the usage at the end", async () => {
    const whole = await client.completions.create({ ...ask, logprobs: 2 });
    let text = "";
    let chunks = 0;
    let usage: OpenAI.CompletionUsage | null | undefined;
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const chunk of await client.completions.create({ ...ask, ...options })) {
      text += chunk.choices[0]?.text ?? "";
      if (chunk.choices[0]?.finish_reason === null) chunks++;
      usage = chunk.usage;
    }
    expect(text).toBe(whole.choices[0]?.text ?? "");
    expect(usage?.completion_tokens).toBe(chunks);
    const logprobs = whole.choices[0]?.logprobs;
    expect(logprobs?.tokens?.join("")).toBe(text);
    expect(logprobs?.token_logprobs?.every((value) => value <= 0)).toBe(true);
    expect(logprobs?.top_logprobs?.every((top) => Object.keys(top).length === 2)).toBe(true);
    expect(logprobs?.text_offset?.[1]).toBe(logprobs?.tokens?.[0]?.length);
  });

  test("for several prompts and choices, each under its index, the same for the same seed", async () => {
    const many = { ...ask, prompt: [ask.prompt, "The river"], n: 2, temperature: 1, seed: 7 };
    const [one, two] = [await client.completions.create(many), await client.completions.create(many)];
    expect(one.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(two.choices).toEqual(one.choices);
    expect(one.choices[0]?.text).not.toBe(one.choices[1]?.text);
  });

  test("given as tokens, ended by a stop string, and from nothing at all", async () => {
    const made = await client.completions.create({ ...ask, prompt: [504, 905], echo: true });
    expect(made.choices[0]?.text).not.toBe("");
    const stop = (await client.completions.create(ask)).choices[0]?.text.trim().split(/\s+/)[2] ?? "";
    expect(stop).not.toBe("");
    const stopped = await client.completions.create({ ...ask, stop: [stop], presence_penalty: 0 });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop", text: expect.not.stringContaining(stop) });
    const nothing = await client.completions.create({ ...ask, prompt: "", frequency_penalty: 1 });
    expect(nothing.usage?.prompt_tokens).toBe(1);
  });

  test.each([
    ["a suffix", { suffix: "The end" }, "suffix"],
    ["the best of more", { best_of: 3 }, "best_of"],
    ["the likelihoods of a prompt", { echo: true, logprobs: 1 }, "logprobs"],
    ["no token", { max_tokens: 0 }, "max_tokens"],
    ["more than fits", { max_tokens: 1_000_000 }, "prompt"],
    ["a token that there is not", { prompt: [99_999_999] }, "prompt"],
    ["more choices than places", { n: 9 }, "n"],
  ])("but not with %s", async (_, extra, param) => {
    for (const stream of [false, true]) {
      const refused = await client.completions.create({ ...ask, ...extra, stream }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(BadRequestError);
      expect((refused as BadRequestError).param).toBe(param);
    }
  });
});

test("a local model sums a conversation up, and goes on from its own summary", async () => {
  const compacted = await client.responses.compact({
    model: chatModel,
    input: [
      { role: "user", content: "What is a mill?" },
      { role: "assistant", content: "A machine that grinds." },
    ],
  });
  expect(compacted.output.map(({ type }) => type)).toEqual(["message", "compaction"]);
  expect(compacted.usage.output_tokens).toBeGreaterThan(0);
  const next = await client.responses.create({
    model: chatModel,
    input: [...(compacted.output as OpenAI.Responses.ResponseInputItem[]), { role: "user", content: "And a race?" }],
    max_output_tokens: 16,
  });
  expect(next.usage?.input_tokens).toBeGreaterThan(compacted.usage.output_tokens);
}, 120_000);

describe("a conversation that is longer than its threshold", () => {
  const long = [
    { role: "user" as const, content: `What is a mill? ${"It grinds grain. ".repeat(20)}` },
    { role: "assistant" as const, content: "A machine that grinds." },
    { role: "user" as const, content: "And a race?" },
  ];
  const asked = (compact_threshold: number) => ({
    model: chatModel,
    input: long,
    max_output_tokens: 16,
    context_management: [{ type: "compaction", compact_threshold }],
  });

  test("is compacted before it is answered, and goes on from there", async () => {
    const first = await client.responses.create(asked(20));
    expect(first.output.map(({ type }) => type)).toEqual(["compaction", "message"]);
    // The summary was made of all of it, and the answer of the summary.
    expect(first.usage?.output_tokens).toBeGreaterThan(16);
    const { input_tokens: counted } = await client.responses.inputTokens.count({
      model: chatModel,
      previous_response_id: first.id,
      input: "Go on",
    });
    const sealed = first.output.filter(({ type }) => type === "compaction") as OpenAI.Responses.ResponseInputItem[];
    const answer = first.output.filter(({ type }) => type === "message") as OpenAI.Responses.ResponseInputItem[];
    const { input_tokens: same } = await client.responses.inputTokens.count({
      model: chatModel,
      input: [...sealed, ...answer, { role: "user", content: "Go on" }],
    });
    expect(counted).toBe(same);
  }, 120_000);

  test("shows in a stream that keeps the grammar", async () => {
    const { events, findings } = await api.responseStream(asked(20));
    expect(findings).toEqual([]);
    const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
    expect(types.slice(1, 6)).toEqual([
      "response.in_progress",
      "response.output_item.added",
      "response.compaction.compacting",
      "response.output_item.done",
      "response.output_item.added",
    ]);
  }, 120_000);

  test("is left as it is where it is not longer", async () => {
    const { output } = await client.responses.create(asked(100_000));
    expect(output.map(({ type }) => type)).toEqual(["message"]);
    const once = await client.responses.create({ ...asked(1), input: "And a race?" });
    expect(once.output.map(({ type }) => type)).toEqual(["message"]);
  });
});
