import { expect, test } from "bun:test";
import fc from "fast-check";
import type { EventFrames } from "../../../http/endpoint.ts";
import { namedFrame } from "../../../http/event-stream.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import { followStream } from "./follow-stream.ts";
import { framesAfter, type LogChunk, packChunk } from "./log-chunk.ts";
import type { OwnedChunk } from "./stream-log-store.ts";
import { StreamTails } from "./stream-tails.ts";
import { WriteBehindLog } from "./write-behind-log.ts";

const principal = { organizationId: "org_1", projectId: "proj_1" } as ProjectPrincipal;
const logger = { log: () => {} };
const frameOf = (text: string) => namedFrame("response.output_text.delta", JSON.stringify({ delta: text }));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => frameOf(String(index)));

/** A stream of so many events in each chunk. */
function chunksOf(sizes: readonly number[]): { frames: string[]; chunks: LogChunk[] } {
  const frames = numbered(sizes.reduce((sum, size) => sum + size, 0));
  let first = 0;
  const chunks = sizes.map((size, index) => {
    const chunk = packChunk(first, frames.slice(first, first + size), index === sizes.length - 1);
    first += size;
    return chunk;
  });
  return { frames, chunks };
}

/** A log in memory: what was added is what can be read. */
class MemoryLog {
  readonly chunks: LogChunk[] = [];

  async after(_: ProjectPrincipal, __: string, after: number): Promise<LogChunk[]> {
    return this.chunks.filter(({ lastSequence }) => lastSequence > after).slice(0, 2);
  }

  async news(known: ReadonlyMap<string, number>) {
    return [...known].flatMap(([responseId, after]) =>
      this.chunks.filter(({ firstSequence }) => firstSequence > after).map((chunk) => ({ ...chunk, responseId })),
    );
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 12 });

test("a chunk gives what follows any of its events, whatever they say", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 1_000 }),
      fc.integer({ min: -1, max: 25 }),
      (texts, first, offset) => {
        const frames = texts.map(frameOf);
        const after = Math.max(-1, first + offset);
        expect(framesAfter(packChunk(first, frames, false), after)).toEqual(
          frames.slice(Math.max(0, after + 1 - first)),
        );
      },
    ),
  );
});

test("every reader gets every event behind its cursor once, wherever it joins and however the news arrives", async () => {
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 12 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(fc.nat({ max: 12 }), { maxLength: 12 }),
      async (sizesOfChunks, readers, strayNews) => {
        const { frames, chunks } = chunksOf(sizesOfChunks);
        const log = new MemoryLog();
        const tails = new StreamTails(log, logger);
        const reading: Promise<void>[] = [];
        const join = async (after: number, known: number): Promise<void> => {
          const reader = { principal, responseId: "resp_1", after, known, signal: new AbortController().signal };
          let text = "";
          for await (const piece of followStream({ log, tails }, reader)) text += piece;
          expect(text.replaceAll(": keep-alive\n\n", "")).toBe(frames.slice(after + 1).join(""));
        };
        for (const [index, chunk] of chunks.entries()) {
          log.chunks.push(chunk);
          // News may be late, doubled or lost: the log is what counts.
          const stray = chunks[strayNews[index] ?? chunks.length];
          if (stray !== undefined && log.chunks.includes(stray)) tails.told("resp_1", stray);
          tails.told("resp_1", chunk);
          for (const [place] of readers.filter(([, wanted]) => Math.min(wanted, chunks.length - 1) === index)) {
            const known = chunk.lastSequence;
            // Who has the last event of all asks for nothing more.
            const after = Math.floor(place * (known + (index === chunks.length - 1 ? 0 : 1))) - 1;
            reading.push(join(after, known));
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(reading);
      },
    ),
    { numRuns: 60 },
  );
});

test("what another process writes is found without any news", async () => {
  const { frames, chunks } = chunksOf([2, 3, 1]);
  const log = new MemoryLog();
  const tails = new StreamTails(log, logger);
  log.chunks.push(...chunks.slice(0, 1));
  const reader = { principal, responseId: "resp_1", after: -1, known: 1, signal: new AbortController().signal };
  const following = followStream({ log, tails }, reader);
  expect((await following.next()).value).toBe(frames.slice(0, 2).join(""));
  const next = following.next();
  log.chunks.push(...chunks.slice(1));
  expect((await next).value).toBe(frames.slice(2, 5).join(""));
  expect((await following.next()).value).toBe(frames.slice(5).join(""));
  expect(await following.next()).toEqual({ done: true, value: "completed" });
});

test("a reader whose place in the log was dropped is cut, not left with a gap", async () => {
  const { chunks } = chunksOf([2, 2, 2]);
  const log = new MemoryLog();
  log.chunks.push(...chunks.slice(2));
  const reader = { principal, responseId: "resp_1", after: 0, known: 5, signal: new AbortController().signal };
  const following = followStream({ log, tails: new StreamTails(log, logger) }, reader);
  expect(following.next()).rejects.toThrow("has nothing behind 0 any more");
});

test("a reader that leaves while it waits is let go at once", async () => {
  const log = new MemoryLog();
  const leaving = new AbortController();
  const reader = { principal, responseId: "resp_1", after: 3, known: 3, signal: leaving.signal };
  const following = followStream({ log, tails: new StreamTails(log, logger) }, reader);
  expect((await following.next()).value).toBe(": keep-alive\n\n");
  const waiting = following.next();
  leaving.abort();
  expect(await waiting).toEqual({ done: true, value: "client_left" });
});

test("a logged stream has its events and their numbers, whatever stands between them and however they arrive", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string({ unit: "binary" }), comment: fc.boolean(), cut: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.constantFrom("\n", "\r\n"),
      async (told, lineEnd) => {
        const added: OwnedChunk[] = [];
        const log = new WriteBehindLog({ add: async (chunks) => void added.push(...chunks) }, logger);
        const frames = [...told.map(({ text }) => frameOf(text)), namedFrame("response.completed", "{}")];
        const pieces = [""];
        for (const [index, frame] of frames.entries()) {
          if (told[index]?.comment) pieces.push(`${pieces.pop()}: still there${lineEnd}${lineEnd}`);
          pieces.push(`${pieces.pop()}${frame.replaceAll("\n", lineEnd)}`);
          if (told[index]?.cut !== false) pieces.push("");
        }
        const stream = (async function* (): EventFrames {
          for (const piece of pieces.filter((one) => one !== "")) yield Buffer.from(piece);
          return "completed";
        })();
        const keptResponse = async () => ({});
        for await (const _ of log.through(stream, { principal, responseId: "resp_1", keptResponse }));
        await log.close();
        const logged = added.flatMap((chunk) => framesAfter(chunk, -1));
        expect(logged.map((frame) => frame.replaceAll("\r\n", "\n"))).toEqual(frames);
        expect(added.at(-1)).toMatchObject({ lastSequence: frames.length - 1, isLast: true });
      },
    ),
  );
});
