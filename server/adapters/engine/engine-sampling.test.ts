import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { contentOf, EngineClient, refused } from "./engine-client.ts";

let engine: EngineClient;
beforeAll(async () => {
  engine = await EngineClient.start();
}, 300_000);
afterAll(() => engine[Symbol.asyncDispose]());

type Logprobs = ChatCompletion["choices"][number]["logprobs"];
const bytesOf = (logprobs: Logprobs): Buffer =>
  Buffer.from(logprobs?.content?.flatMap(({ bytes }) => bytes ?? []) ?? []);

test("logprobs tell each token's likelihood and the most likely others, in streams too", async () => {
  const asked = { temperature: 0, logprobs: true, top_logprobs: 5 };
  const [{ message, logprobs }] = (await engine.complete(asked)).choices;
  expect(bytesOf(logprobs).toString()).toBe(message.content ?? "");
  expect(logprobs?.content?.length).toBe(24);
  for (const { token, logprob, top_logprobs: top } of logprobs?.content ?? []) {
    // Greedy: the drawn token is the most likely one.
    expect(top[0]).toMatchObject({ token, logprob });
    expect(top.map((other) => other.logprob)).toEqual(top.map((other) => other.logprob).toSorted((a, b) => b - a));
    expect(top.length).toBe(5);
    expect(top.reduce((sum, other) => sum + Math.exp(other.logprob), 0)).toBeLessThanOrEqual(1.0001);
  }
  const chunks = await engine.stream(asked);
  expect(chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? [])).toEqual(logprobs?.content ?? []);
  const plain = (await engine.complete({ temperature: 0, logprobs: true })).choices[0];
  expect(plain.logprobs?.content?.every(({ top_logprobs: top }) => top.length === 0)).toBe(true);
  expect((await engine.complete({ temperature: 0 })).choices[0].logprobs).toBeNull();
}, 60_000);

test("logit_bias forces and forbids tokens", async () => {
  // The model's tokens of " the" and "The".
  const forced = await engine.text({ temperature: 0, logit_bias: { 260: 100 }, max_tokens: 5 });
  expect(forced).toBe(" the the the the the");
  const tokens = async (bias: object) =>
    (
      await engine.complete({ temperature: 0, logprobs: true, max_tokens: 60, ...bias })
    ).choices[0].logprobs?.content?.map(({ token }) => token);
  expect(await tokens({})).toContain(" the");
  expect(await tokens({ logit_bias: { 260: -100 } })).not.toContain(" the");
}, 60_000);

test("frequency_penalty grows with each repetition, presence_penalty does not", async () => {
  const forced = { temperature: 0, logit_bias: { 260: 60 }, max_tokens: 60 };
  const repeated = " the".repeat(60);
  expect(await engine.text(forced)).toBe(repeated);
  expect(await engine.text({ ...forced, presence_penalty: 2 })).toBe(repeated);
  const broken = await engine.text({ ...forced, frequency_penalty: 2 });
  expect(broken).toStartWith(" the the the");
  expect(broken).not.toBe(repeated);
}, 60_000);

test("n gives so many answers, each as it is alone with the next seed, and one usage", async () => {
  const asked = { temperature: 1, seed: 5, max_tokens: 16 };
  const { choices, usage } = await engine.complete({ ...asked, n: 3 });
  expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  for (const { index, message } of choices)
    expect(message.content).toBe(await engine.text({ ...asked, seed: 5 + index }));
  expect(usage.completion_tokens).toBe(48);
  const chunks = await engine.stream({ ...asked, n: 3 });
  for (const { index, message } of choices) expect(contentOf(chunks, index)).toBe(message.content ?? "");
  const roles = chunks.flatMap(({ choices: [choice] }) => (choice?.delta.role === undefined ? [] : [choice.index]));
  expect(roles.toSorted()).toEqual([0, 1, 2]);
  expect(chunks.filter(({ choices: [choice] }) => choice?.finish_reason === null).length).toBe(48);
}, 60_000);

test.each([
  ["logit_bias", { logit_bias: { 260: 101 } }, "logit_bias.260"],
  ["logit_bias", { logit_bias: { 49152: 1 } }, "logit_bias"],
  ["logit_bias", { logit_bias: { "1.5": 1 } }, "logit_bias"],
  ["logit_bias", { logit_bias: { "-1": 1 } }, "logit_bias"],
  [
    "logit_bias",
    { logit_bias: Object.fromEntries(Array.from({ length: 5000 }, (_, token) => [token, 1])) },
    "logit_bias",
  ],
  ["top_logprobs", { top_logprobs: 2 }, "top_logprobs"],
  ["top_logprobs", { logprobs: true, top_logprobs: 21 }, "top_logprobs"],
  ["logprobs", { logprobs: 5 }, "logprobs"],
  ["n", { n: 0 }, "n"],
  ["n", { n: 1000 }, "n"],
  ["n", { n: 1.5 }, "n"],
  ["presence_penalty", { presence_penalty: 2.1 }, "presence_penalty"],
  ["frequency_penalty", { frequency_penalty: "a" }, "frequency_penalty"],
  ["stop", { stop: ["a", "b", "c", "d", "e"] }, "stop"],
  ["stop", { stop: [""] }, "stop"],
])("refuses a wrong %s and names it", async (_name, body, param) => {
  const error = await refused(engine.complete(body));
  expect([error.code, error.param]).toEqual(["invalid_value", param]);
});
