/** The stock Vercel AI SDK with its stock OpenAI provider, told nothing but an address and a key. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import {
  APICallError,
  embed,
  embedMany,
  generateObject,
  generateText,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from "ai";
import { z } from "zod";
import { chatModel, embeddingModel, startServer } from "./serve.mjs";

let server;
let openai;
before(async () => {
  server = await startServer();
  openai = createOpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey });
});
after(() => server?.stop());

const settings = { temperature: 0, maxRetries: 0, maxOutputTokens: 80 };
const prompt = "Ring the great bell.";
const bell = z.object({ bell: z.enum(["small", "great"]), isLoud: z.boolean() });

// `openai(…)` is the Responses model.
for (const [name, model] of [
  ["responses", () => openai(chatModel)],
  ["chat", () => openai.chat(chatModel)],
]) {
  describe(`a ${name} model`, () => {
    test("answers, and streams the same answer", async () => {
      const asked = { ...settings, model: model(), system: "Be brief.", prompt, maxOutputTokens: 12 };
      const whole = await generateText(asked);
      assert.ok(whole.text.length > 0);
      assert.ok(["stop", "length"].includes(whole.finishReason));
      assert.equal(whole.usage.totalTokens, whole.usage.inputTokens + whole.usage.outputTokens);
      const stream = streamText(asked);
      let text = "";
      for await (const delta of stream.textStream) text += delta;
      assert.equal(text, whole.text);
      assert.equal(await stream.finishReason, whole.finishReason);
      assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
    });

    // The first step must call; the second may not, so that the loop ends with words.
    const loop = (calls) => ({
      ...settings,
      model: model(),
      prompt,
      tools: {
        ring: tool({
          description: "Rings a bell.",
          inputSchema: bell,
          execute: (input) => {
            calls.push(bell.parse(input));
            return "The bell rang.";
          },
        }),
      },
      stopWhen: stepCountIs(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "none" }),
      providerOptions: { openai: { parallelToolCalls: false } },
    });

    test("calls a tool, reads what came of it, and answers in words", async () => {
      const calls = [];
      const { steps, text } = await generateText(loop(calls));
      assert.equal(calls.length, 1);
      assert.deepEqual(
        steps.map(({ toolCalls, toolResults }) => [toolCalls.length, toolResults.length]),
        [
          [1, 1],
          [0, 0],
        ],
      );
      assert.equal(steps[0].finishReason, "tool-calls");
      assert.ok(text.length > 0);
    });

    test("does the same in a stream", async () => {
      const calls = [];
      const stream = streamText(loop(calls));
      const types = [];
      for await (const { type } of stream.fullStream) types.push(type);
      assert.ok(!types.includes("error"));
      for (const type of ["tool-input-start", "tool-input-delta", "tool-call", "tool-result", "text-delta", "finish"])
        assert.ok(types.includes(type), type);
      assert.equal(calls.length, 1);
      assert.equal((await stream.steps).length, 2);
    });

    test("gives an object of a schema, by each of the SDK's ways", async () => {
      const asked = { ...settings, model: model(), prompt };
      const { object } = await generateObject({ ...asked, schema: bell });
      const { output } = await generateText({ ...asked, output: Output.object({ schema: bell }) });
      const streamed = streamObject({ ...asked, schema: bell });
      for await (const _ of streamed.partialObjectStream);
      assert.deepEqual([output, await streamed.object], [object, object]);
    });
  });
}

describe("a responses model", () => {
  test("goes on from an earlier response", async () => {
    const asked = { ...settings, model: openai(chatModel), maxOutputTokens: 8 };
    const first = await generateText({ ...asked, prompt: "My name is Ada." });
    const previousResponseId = first.providerMetadata.openai.responseId;
    assert.match(previousResponseId, /^resp_/);
    const alone = await generateText({ ...asked, prompt: "And?" });
    const next = await generateText({ ...asked, prompt: "And?", providerOptions: { openai: { previousResponseId } } });
    assert.ok(next.usage.inputTokens >= alone.usage.inputTokens + first.usage.outputTokens);
  });
});

describe("embeddings", () => {
  test("of several values are those of each", async () => {
    const model = openai.embedding(embeddingModel);
    const values = ["A cat sits on the mat", "Quarterly tax law for shipping firms"];
    const { embeddings, usage } = await embedMany({ model, values });
    assert.deepEqual(
      embeddings.map(({ length }) => length),
      [384, 384],
    );
    assert.ok(usage.tokens > 0);
    const { embedding } = await embed({ model, value: values[1] });
    assert.ok(embedding.every((value, index) => Math.abs(value - embeddings[1][index]) < 1e-3));
  });
});

describe("errors are the SDK's own", () => {
  test("an unknown model, with OpenAI's code", async () => {
    for (const model of [openai("gpt-nobody"), openai.chat("gpt-nobody")])
      await assert.rejects(
        generateText({ ...settings, model, prompt }),
        (error) =>
          APICallError.isInstance(error) && error.statusCode === 404 && error.data.error.code === "model_not_found",
      );
  });
});
