import { expect, test } from "bun:test";
import type { Token } from "node-llama-cpp";
import { Decoder, type Sequence } from "./decoder.ts";
import type { InnerContext } from "./inner-context.ts";
import { Turns } from "./turns.ts";

type Batch = { readonly sequence: number; readonly position: number; readonly tokens: readonly number[] }[];

/** Records the batches; each ends when the next turn of the event loop comes. */
class RecordingContext {
  readonly batches: Batch[] = [];
  readonly forgotten: string[] = [];
  /** Makes this batch fail. */
  failing = -1;

  initBatch(): void {
    this.batches.push([]);
  }
  addToBatch(sequence: number, position: number, tokens: Uint32Array, outputs: Uint32Array): Uint32Array {
    this.batches.at(-1)?.push({ sequence, position, tokens: [...tokens] });
    return outputs.map(() => sequence);
  }
  async decodeBatch(): Promise<void> {
    await new Promise(setImmediate);
    if (this.batches.length - 1 === this.failing) throw new Error("no memory");
  }
  removeTokenCellsFromSequence(sequence: number, start: number): boolean {
    this.forgotten.push(`${sequence} from ${start}`);
    return true;
  }
  disposeSequence(sequence: number): void {
    this.forgotten.push(`${sequence} all`);
  }
}

function createDecoder(): { context: RecordingContext; decoder: Decoder } {
  const context = new RecordingContext();
  const options = { turns: new Turns(), batchTokens: 64, promptTokens: 16, onEvaluated: () => undefined };
  return { context, decoder: new Decoder(context as unknown as InnerContext, options) };
}

const sequence = (id: number): Sequence => ({ id, tokens: [] });
const tokens = (count: number): Token[] => Array.from({ length: count }, (_, index) => index as Token);
const { signal } = new AbortController();
const sampled = (index: number) => Promise.resolve(index);

test("a running answer gets its next token in every batch while a long prompt is read", async () => {
  const { context, decoder } = createDecoder();
  const answer = sequence(0);
  const prompt = decoder.evaluate(sequence(1), tokens(200), signal, sampled);
  for (let count = 0; count < 10; count++) await decoder.evaluate(answer, tokens(1), signal, sampled);
  const between = context.batches.slice(1, 10);
  expect(between.every((batch) => batch.some((part) => part.sequence === 0))).toBe(true);
  expect(between.every((batch) => batch.every((part) => part.tokens.length <= 16))).toBe(true);
  expect(await prompt).toBe(1);
});

test("answers that ask at once are evaluated in one batch, in the order of their sequences", async () => {
  const { context, decoder } = createDecoder();
  await Promise.all([3, 1, 2, 0].map((id) => decoder.evaluate(sequence(id), tokens(1), signal, sampled)));
  expect(context.batches.map((batch) => batch.map((part) => part.sequence))).toEqual([[0, 1, 2, 3]]);
});

test("a prompt is read from its first to its last token", async () => {
  const { context, decoder } = createDecoder();
  const read = sequence(2);
  await decoder.evaluate(read, tokens(40), signal, sampled);
  expect(context.batches.flat().flatMap((part) => part.tokens)).toEqual(tokens(40));
  expect(context.batches.flat().map((part) => part.position)).toEqual([0, 16, 32]);
  expect(read.tokens).toEqual(tokens(40));
});

test("who leaves is told so between two batches, and what was read stays remembered", async () => {
  const { context, decoder } = createDecoder();
  const leaving = new AbortController();
  const read = sequence(0);
  const prompt = decoder.evaluate(read, tokens(64), leaving.signal, sampled);
  leaving.abort(new Error("gone"));
  await expect(prompt).rejects.toThrow("gone");
  expect(read.tokens.length).toBe(context.batches.length * 16);
  expect(read.tokens.length).toBeLessThan(64);
});

test("a batch that fails is told to all that were in it, and nothing of them is remembered", async () => {
  const { context, decoder } = createDecoder();
  context.failing = 0;
  const both = [sequence(0), sequence(1)];
  const results = await Promise.allSettled(both.map((one) => decoder.evaluate(one, tokens(4), signal, sampled)));
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(context.forgotten).toEqual(["0 all", "1 all"]);
  expect(await decoder.evaluate(sequence(0), tokens(4), signal, sampled)).toBe(0);
});
