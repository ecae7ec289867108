import { afterAll, beforeAll, expect, test } from "bun:test";
import { chatModelId } from "@headrace/engine/testing/test-models.ts";
import { EngineClient, refused, story } from "./engine-client.ts";

let engine: EngineClient;
beforeAll(async () => {
  engine = await EngineClient.start("org_grammars");
}, 300_000);
afterAll(() => engine[Symbol.asyncDispose]());

const number = (index: number) => ({ type: "number", minimum: index + 0.123, maximum: 10_000 + index * 7.77 });
/** Numbers that begin alike: it takes seconds to find out that they can't be told apart. */
const heavy = {
  type: "object",
  properties: { a: { anyOf: Array.from({ length: 300 }, (_, index) => number(index)) } },
  required: ["a"],
};
const formatOf = (schema: object) => ({
  response_format: { type: "json_schema", json_schema: { name: "answer", schema } },
});

test("while a schema compiles for seconds, a stream goes on", async () => {
  const leaving = new AbortController();
  const body = { model: chatModelId, messages: story, stream: true, max_tokens: 8000, seed: 1 };
  const response = await engine.send("/chat/completions", body, { signal: leaving.signal });
  const reader = response.body?.getReader();
  let [chunks, chunksMeanwhile] = [0, 0];
  const reading = (async () => {
    while ((await reader?.read())?.done === false) chunks++;
  })().catch(() => "it was left");
  while (chunks === 0) await new Promise(setImmediate);
  const before = chunks;
  const error = await refused(engine.complete(formatOf(heavy), { cacheScope: "org_heavy" }));
  chunksMeanwhile = chunks - before;
  leaving.abort();
  await reading;
  expect([error.status, error.code, error.param]).toEqual([400, "invalid_json_schema", "response_format"]);
  // Two of them may have been on their way; whatever the machine, a token takes far less than this schema.
  expect(chunksMeanwhile).toBeGreaterThan(8);
}, 120_000);

test("what was compiled elsewhere holds every choice, and is found again by the next request", async () => {
  const code = { type: "string", pattern: "^[a-k]{0,4000}-[0-9]{2}$" };
  const schema = { type: "object", properties: { code }, required: ["code"], additionalProperties: false };
  const ask = async (seed: number): Promise<string[]> => {
    const { choices } = await engine.complete({ ...formatOf(schema), n: 2, seed, temperature: 1, max_tokens: 40 });
    return choices.map(({ message }) => message.content ?? "");
  };
  const [first, again] = [await ask(1), await ask(1)];
  for (const text of first) expect(text).toMatch(/^\{"code": ?"[a-k]*(-[0-9]{0,2}("\}?)?)?$/);
  expect(first.length).toBe(2);
  expect(again).toEqual(first);
}, 120_000);
