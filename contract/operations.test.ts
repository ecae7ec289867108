import { describe, expect, test } from "bun:test";
import { chatLimitsOf, chatUsageOf } from "./chat/create-chat-completion.ts";
import { createChatCompletionBody } from "./chat/request.ts";
import { parseRequest } from "./common/validation.ts";
import { embeddingUsageOf } from "./embeddings.ts";
import { operations } from "./operations.ts";
import { responseLimitsOf, responseUsageOf } from "./responses/create-response.ts";
import { responseStreamEvent } from "./responses/events.ts";
import { createResponseBody } from "./responses/request.ts";

test("each operation stands under its own id", () => {
  for (const [name, operation] of Object.entries(operations)) expect<string>(operation.id).toBe(name);
});

describe("usage is read out of", () => {
  const chat = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const details = { prompt_tokens_details: { cached_tokens: 3 }, completion_tokens_details: { reasoning_tokens: 2 } };
  const responses = {
    input_tokens: 7,
    input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 12,
  };
  const all = { inputTokens: 7, cachedInputTokens: 3, outputTokens: 5, reasoningTokens: 2 };
  const bare = { inputTokens: 7, cachedInputTokens: 0, outputTokens: 5, reasoningTokens: 0 };

  test("a chat completion, or the chunk that carries it", () => {
    expect(chatUsageOf({ object: "chat.completion", usage: { ...chat, ...details } })).toEqual(all);
    expect(chatUsageOf({ choices: [], usage: chat })).toEqual(bare);
    expect(chatUsageOf({ usage: { ...chat, prompt_tokens_details: null, completion_tokens_details: {} } })).toEqual(
      bare,
    );
  });
  test("a Response, or the event that ends its stream", () => {
    expect(responseUsageOf({ object: "response", usage: responses })).toEqual(all);
    expect(responseUsageOf({ type: "response.completed", response: { usage: responses } })).toEqual(all);
    expect(responseUsageOf({ usage: { input_tokens: 7, output_tokens: 5 } })).toEqual(bare);
  });
  test("embeddings", () => {
    const read = embeddingUsageOf({ usage: { prompt_tokens: 7, total_tokens: 7 } });
    expect(read).toEqual({ inputTokens: 7, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 });
  });
  test.each([
    [null],
    [5],
    ["x"],
    [[]],
    [{}],
    [{ usage: null }],
    [{ usage: { prompt_tokens: -1 } }],
    [{ response: {} }],
  ])("nothing where there is none: %j", (answer) => {
    for (const read of [chatUsageOf, responseUsageOf, embeddingUsageOf]) expect(read(answer)).toBeUndefined();
  });
});

test("the limit of an answer counts every choice", () => {
  const body = (extra: object) =>
    parseRequest(createChatCompletionBody, { model: "m", messages: [{ role: "user", content: "a" }], ...extra });
  expect(chatLimitsOf(body({})).outputTokensMax).toBeUndefined();
  expect(chatLimitsOf(body({ max_tokens: 10 })).outputTokensMax).toBe(10);
  expect(chatLimitsOf(body({ max_tokens: 10, max_completion_tokens: 20, n: 3 })).outputTokensMax).toBe(60);
  const respond = parseRequest(createResponseBody, { model: "m", max_output_tokens: 30 });
  expect(responseLimitsOf(respond).outputTokensMax).toBe(30);
});

describe("what an answer held may be sent back", () => {
  test("a chat message with the keys that only answers have", () => {
    const message = {
      role: "assistant",
      content: null,
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" }, parsed_arguments: {} }],
      parsed: null,
    };
    const tool = { role: "tool", tool_call_id: "c", content: "1" };
    expect(parseRequest(createChatCompletionBody, { model: "m", messages: [message, tool] }).messages).toHaveLength(2);
  });
  test("the output items of a response, and an item without a type", () => {
    const input = [
      { id: "rs_1", type: "reasoning", summary: [], encrypted_content: null },
      {
        id: "msg_1",
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "a", annotations: [], logprobs: [] }],
        phase: null,
      },
      { id: "fc_1", type: "function_call", call_id: "c", name: "f", arguments: "{}", status: "completed", parsed: {} },
      { type: "function_call_output", call_id: "c", output: "1" },
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
      { id: "msg_2" },
      { type: null, id: "msg_3" },
    ];
    const parsed = parseRequest(createResponseBody, { model: "m", input });
    expect(parsed.input).toHaveLength(input.length);
    expect(parsed.input?.[4]).toEqual(input[4] as never);
  });
});

test("a stream event of a type that nobody knows, or without a sequence number, is refused", () => {
  const delta = {
    type: "response.output_text.delta",
    sequence_number: 4,
    output_index: 0,
    content_index: 0,
    item_id: "msg_1",
    delta: "a",
    logprobs: [],
  };
  expect(responseStreamEvent.safeParse(delta).success).toBe(true);
  expect(responseStreamEvent.safeParse({ ...delta, type: "response.text.delta" }).success).toBe(false);
  expect(responseStreamEvent.safeParse({ ...delta, sequence_number: undefined }).success).toBe(false);
  expect(responseStreamEvent.options).toHaveLength(59);
});
