/** The stock OpenAI Agents SDK over the Responses API, told nothing but a client with an address and a key. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  Agent,
  MaxTurnsExceededError,
  OpenAIChatCompletionsModel,
  OpenAIConversationsSession,
  run,
  setDefaultOpenAIClient,
  setTracingDisabled,
  tool,
} from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";
import { chatModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey, maxRetries: 0 });
  setDefaultOpenAIClient(client);
  setTracingDisabled(true);
});
after(() => server?.stop());

const bell = z.object({ bell: z.enum(["small", "great"]), isLoud: z.boolean() });
const calls = [];
beforeEach(() => {
  calls.length = 0;
});
const ring = tool({
  name: "ring",
  description: "Rings a bell.",
  parameters: bell,
  execute: (input) => {
    calls.push(bell.parse(input));
    return "The bell rang.";
  },
});
const question = "Ring the great bell.";
const instructions = "Be brief.";
const modelSettings = { temperature: 0, maxTokens: 80 };
// The SDK takes no answer that was cut, and a small model may talk until it is; one of few objects is soon whole.
const teller = new Agent({ name: "Teller", model: chatModel, instructions, modelSettings, outputType: bell });
// Its run ends with the tool's own output, so that it does not hang on what a small model decides next.
const ringer = new Agent({
  name: "Ringer",
  model: chatModel,
  instructions,
  tools: [ring],
  modelSettings: { ...modelSettings, toolChoice: "required", parallelToolCalls: false },
  toolUseBehavior: "stop_on_first_tool",
});
const typesOf = (items) => items.map(({ type }) => type);

test("an agent answers by its schema", async () => {
  const { finalOutput, lastResponseId, rawResponses } = await run(teller, question);
  bell.parse(finalOutput);
  assert.match(lastResponseId, /^resp_/);
  assert.ok(rawResponses[0].usage.totalTokens > 0);
});

test("an agent streams what it answers", async () => {
  const whole = await run(teller, question);
  const streamed = await run(teller, question, { stream: true });
  let text = "";
  for await (const part of streamed.toTextStream()) text += part;
  await streamed.completed;
  assert.deepEqual(JSON.parse(text), whole.finalOutput);
  assert.deepEqual(streamed.finalOutput, whole.finalOutput);
});

describe("an agent with a tool that it must call", () => {
  test("calls it once", async () => {
    const result = await run(ringer, question);
    assert.equal(calls.length, 1);
    assert.deepEqual(typesOf(result.newItems), ["tool_call_item", "tool_call_output_item"]);
    assert.equal(result.finalOutput, "The bell rang.");
  });

  test("calls it once in a stream", async () => {
    const streamed = await run(ringer, question, { stream: true });
    const names = [];
    for await (const event of streamed) if (event.type === "run_item_stream_event") names.push(event.name);
    await streamed.completed;
    assert.equal(calls.length, 1);
    assert.deepEqual(names, ["tool_called", "tool_output"]);
  });

  test("reads what came of it, and would call again until its turns are over", async () => {
    const tireless = ringer.clone({ toolUseBehavior: "run_llm_again", resetToolChoice: false });
    await assert.rejects(run(tireless, question, { maxTurns: 2 }), MaxTurnsExceededError);
    assert.equal(calls.length, 2);
  });
});

describe("an agent over Chat Completions", () => {
  test("calls its tool once, whole and in a stream", async () => {
    const chatting = ringer.clone({ model: new OpenAIChatCompletionsModel(client, chatModel) });
    const whole = await run(chatting, question);
    assert.deepEqual(typesOf(whole.newItems), ["tool_call_item", "tool_call_output_item"]);
    const streamed = await run(chatting, question, { stream: true });
    for await (const _ of streamed);
    await streamed.completed;
    assert.deepEqual(typesOf(streamed.newItems), typesOf(whole.newItems));
    assert.deepEqual(calls[1], calls[0]);
    assert.equal(calls.length, 2);
  });

  test("answers by its schema", async () => {
    const { finalOutput } = await run(
      teller.clone({ model: new OpenAIChatCompletionsModel(client, chatModel) }),
      question,
    );
    bell.parse(finalOutput);
  });
});

describe("a second run goes on", () => {
  test("from the items of the first, its call and output among them", async () => {
    const first = await run(ringer, question);
    const second = await run(teller, [...first.history, { role: "user", content: "And?" }]);
    bell.parse(second.finalOutput);
    assert.deepEqual(typesOf(second.newItems), ["message_output_item"]);
  });

  test("by previousResponseId", async () => {
    const first = await run(teller, "My name is Ada.");
    const second = await run(teller, "And?", { previousResponseId: first.lastResponseId });
    const kept = await client.responses.retrieve(second.lastResponseId);
    assert.equal(kept.previous_response_id, first.lastResponseId);
  });

  test("in a session that the server keeps as a conversation", async () => {
    const session = new OpenAIConversationsSession({ client });
    await run(ringer, question, { session });
    await run(teller, "And?", { session });
    const items = await session.getItems();
    assert.deepEqual(
      items.map(({ type, role }) => role ?? type),
      ["user", "function_call", "function_call_result", "user", "assistant"],
    );
    await session.clearSession();
  });
});
