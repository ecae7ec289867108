/** Function calls and parsed answers by the official Node SDK's own helpers, against a real server with real models. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, { BadRequestError } from "openai";
import { zodFunction, zodResponseFormat, zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { chatModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey, maxRetries: 0 });
});
after(() => server?.stop());

// Every value is one of few, so that a small model's call ends soon and can be judged.
const bell = z.object({ bell: z.enum(["small", "great"]), isLoud: z.boolean() });
const question = "Ring the great bell.";
const rung = "The bell rang.";

describe("responses", () => {
  const settings = { model: chatModel, temperature: 0, max_output_tokens: 60 };
  const tools = [zodResponsesFunction({ name: "ring", description: "Rings a bell.", parameters: bell })];
  const asked = { ...settings, input: question, tools, tool_choice: "required", parallel_tool_calls: false };

  test("parse a call, and go on from its output by previous_response_id", async () => {
    const called = await client.responses.parse(asked);
    assert.equal(called.status, "completed");
    assert.deepEqual(
      called.output.map(({ type, name }) => [type, name]),
      [["function_call", "ring"]],
    );
    const [call] = called.output;
    assert.deepEqual(bell.parse(JSON.parse(call.arguments)), call.parsed_arguments);
    const next = {
      ...settings,
      tools,
      tool_choice: "none",
      max_output_tokens: 8,
      previous_response_id: called.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output: rung }],
    };
    const answered = await client.responses.create(next);
    assert.deepEqual(
      answered.output.map(({ type }) => type),
      ["message"],
    );
    assert.equal(answered.previous_response_id, called.id);
    const kept = await client.responses.inputItems.list(answered.id, { order: "asc" });
    assert.deepEqual(
      kept.data.map(({ type, role }) => role ?? type),
      ["user", "function_call", "function_call_output"],
    );
  });

  test("take the whole conversation as input instead, calls and outputs in it", async () => {
    const called = await client.responses.create({ ...asked, store: false });
    const [call] = called.output;
    const input = [
      { role: "user", content: question },
      ...called.output,
      { type: "function_call_output", call_id: call.call_id, output: rung },
    ];
    const rest = { ...settings, tools, tool_choice: "none", max_output_tokens: 8 };
    const answered = await client.responses.create({ ...rest, input });
    assert.ok(answered.output_text.length > 0);
  });

  test("refuse an output whose call was never made, and the call's next turn without its output", async () => {
    const output = { type: "function_call_output", call_id: "call_nobody", output: rung };
    await assert.rejects(
      client.responses.create({ ...settings, tools, input: [output] }),
      (error) =>
        error instanceof BadRequestError &&
        error.type === "invalid_request_error" &&
        error.param === "input[0].call_id",
    );
    const called = await client.responses.create(asked);
    await assert.rejects(
      client.responses.create({ ...settings, tools, input: "And?", previous_response_id: called.id }),
      (error) => error instanceof BadRequestError && error.message.includes(called.output[0].call_id),
    );
  });

  test("stream a call through the accumulator, which makes the same of it", async () => {
    const stream = client.responses.stream(asked);
    let told = "";
    stream.on("response.function_call_arguments.delta", ({ delta, snapshot }) => {
      told += delta;
      assert.equal(snapshot, told);
    });
    const final = await stream.finalResponse();
    const whole = await client.responses.parse(asked);
    assert.equal(final.output[0].arguments, told);
    assert.deepEqual(final.output[0].parsed_arguments, whole.output[0].parsed_arguments);
    assert.deepEqual(final.usage.output_tokens, whole.usage.output_tokens);
  });

  test("follow a strict schema, which is parsed, whole and streamed", async () => {
    const structured = { ...settings, input: question, text: { format: zodTextFormat(bell, "bell") } };
    const whole = await client.responses.parse(structured);
    assert.equal(whole.status, "completed");
    assert.deepEqual(bell.parse(JSON.parse(whole.output_text)), whole.output_parsed);
    const streamed = await client.responses.stream(structured).finalResponse();
    assert.deepEqual(streamed.output_parsed, whole.output_parsed);
  });
});

describe("chat completions", () => {
  const settings = { model: chatModel, temperature: 0, max_completion_tokens: 60 };
  const messages = [{ role: "user", content: question }];
  const tool_choice = { type: "function", function: { name: "ring" } };
  const chosen = { ...settings, messages, tool_choice, parallel_tool_calls: false };
  const ringing = (calls) =>
    zodFunction({
      name: "ring",
      description: "Rings a bell.",
      parameters: bell,
      function: (args) => {
        calls.push(args);
        return rung;
      },
    });

  for (const stream of [false, true]) {
    test(`run a tool by runTools, ${stream ? "streamed" : "whole"}, until the chosen call was made`, async () => {
      const calls = [];
      const runner = client.chat.completions.runTools({ ...chosen, tools: [ringing(calls)], stream });
      await runner.done();
      assert.equal(calls.length, 1);
      bell.parse(calls[0]);
      assert.deepEqual(
        runner.messages.map(({ role }) => role),
        ["user", "assistant", "tool"],
      );
      const rest = { model: chatModel, temperature: 0, max_completion_tokens: 8, messages: runner.messages };
      const answered = await client.chat.completions.create(rest);
      assert.ok(answered.choices[0].message.content.length > 0);
    });
  }

  test("parse a call and a strict schema", async () => {
    const called = await client.chat.completions.parse({ ...chosen, tools: [ringing([])] });
    const [{ message, finish_reason }] = called.choices;
    // As with OpenAI, a call that the caller chose by name is no reason to stop of the model's own.
    assert.equal(finish_reason, "stop");
    bell.parse(message.tool_calls[0].function.parsed_arguments);
    const response_format = zodResponseFormat(bell, "bell");
    const answered = await client.chat.completions.parse({ ...settings, messages, response_format });
    bell.parse(answered.choices[0].message.parsed);
    const streamed = await client.chat.completions
      .stream({ ...settings, messages, response_format })
      .finalChatCompletion();
    assert.deepEqual(streamed.choices[0].message.parsed, answered.choices[0].message.parsed);
  });

  test("of several choices with likelihoods are accumulated as they are answered whole", async () => {
    const asked = { ...settings, messages, n: 2, seed: 1, logprobs: true, top_logprobs: 3, max_completion_tokens: 6 };
    const whole = await client.chat.completions.create(asked);
    const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
    assert.deepEqual(
      streamed.choices.map(({ message, logprobs }) => [message.content, logprobs.content.length]),
      whole.choices.map(({ message, logprobs }) => [message.content, logprobs.content.length]),
    );
    for (const { message, logprobs } of whole.choices) {
      const bytes = logprobs.content.flatMap((token) => token.bytes);
      assert.equal(Buffer.from(bytes).toString("utf8").trim(), message.content.trim());
      assert.ok(logprobs.content.every(({ logprob, top_logprobs }) => logprob <= 0 && top_logprobs.length === 3));
    }
  });
});
