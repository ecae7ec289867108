import { expect, test } from "bun:test";
import type { Token } from "node-llama-cpp";
import { Decoder } from "./decoder.ts";
import type { InnerContext } from "./inner-context.ts";
import { type HeldSequence, SequencePool } from "./sequence-pool.ts";
import { Turns } from "./turns.ts";

const { signal } = new AbortController();

function createPool(sequences: number, canForgetParts = true): SequencePool {
  const context = { removeTokenCellsFromSequence: () => canForgetParts, disposeSequence: () => undefined };
  const options = { turns: new Turns(), batchTokens: 8, promptTokens: 8, onEvaluated: () => undefined };
  return new SequencePool(new Decoder(context as unknown as InnerContext, options), sequences, 0);
}

const tokensOf = (text: string): Token[] => Array.from(text, (character) => character.charCodeAt(0) as Token);

/** Uses a sequence as a request does: all of the prompt is in it afterwards. */
async function use(pool: SequencePool, text: string, scope: string | undefined): Promise<HeldSequence> {
  const held = await pool.acquire(tokensOf(text), scope, signal);
  held.sequence.tokens.push(...tokensOf(text.slice(held.cachedTokens)));
  return held;
}

async function cachedTokens(pool: SequencePool, text: string, scope: string | undefined): Promise<number> {
  const held = await use(pool, text, scope);
  held.release();
  return held.cachedTokens;
}

test("a conversation goes on where it stood", async () => {
  const pool = createPool(2);
  expect(await cachedTokens(pool, "question", "a")).toBe(0);
  expect(await cachedTokens(pool, "question, answer, next", "a")).toBe(8);
});

test("the last token is always evaluated", async () => {
  const pool = createPool(1);
  await cachedTokens(pool, "question", "a");
  expect(await cachedTokens(pool, "question", "a")).toBe(7);
});

test("another scope finds nothing, and neither does a request without one", async () => {
  const pool = createPool(1);
  await cachedTokens(pool, "secret", "a");
  expect(await cachedTokens(pool, "secret", "b")).toBe(0);
  expect(await cachedTokens(pool, "secret", "a")).toBe(0);
  expect(await cachedTokens(pool, "secret", undefined)).toBe(0);
  expect(await cachedTokens(pool, "secret", undefined)).toBe(0);
});

test("a new conversation leaves the others' memory alone while there is an empty sequence", async () => {
  const pool = createPool(2);
  await cachedTokens(pool, "system: a long conversation", "a");
  await cachedTokens(pool, "system: another one", "a");
  expect(await cachedTokens(pool, "system: a long conversation, next", "a")).toBe(27);
});

test("what was used least recently is forgotten first", async () => {
  const pool = createPool(2);
  await cachedTokens(pool, "first", "a");
  await cachedTokens(pool, "second", "a");
  await cachedTokens(pool, "third", "a");
  expect(await cachedTokens(pool, "second, next", "a")).toBe(6);
});

test("a sequence in use is never shared", async () => {
  const pool = createPool(2);
  const held = await use(pool, "question", "a");
  expect(await cachedTokens(pool, "question, next", "a")).toBe(0);
  held.release();
});

test("a model that can't forget a part starts anew", async () => {
  const pool = createPool(1, false);
  await cachedTokens(pool, "question one", "a");
  expect(await cachedTokens(pool, "question two", "a")).toBe(0);
});
