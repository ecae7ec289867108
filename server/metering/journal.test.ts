import { describe, expect, spyOn, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import type { UsageStatus } from "../ports/usage-journal.ts";
import type { AccountedRequest } from "./accounted-request.ts";
import { listInstanceFolders, takeOverInstanceFolder } from "./instance-folder.ts";
import { type CutTail, JournalTail, listDeadSegments } from "./journal-tail.ts";
import { newRequestId } from "./request-id.ts";
import { SegmentFile } from "./segment-file.ts";
import { openJournal, temporaryFolder, usageStart } from "./testing/journal-fixtures.ts";

async function readDead(folder: string) {
  const segments = await listDeadSegments(folder);
  const cuts: CutTail[] = [];
  const tail = new JournalTail(
    () => segments,
    (cut) => cuts.push(cut),
  );
  const ended: AccountedRequest[] = [];
  for (let next = await tail.next(); next.length > 0; next = await tail.next()) ended.push(...next);
  tail.close();
  return { ended, interrupted: tail.takeInterrupted(), cuts };
}

async function onlyFolder(root: string): Promise<string> {
  const [folder] = await listInstanceFolders(root);
  if (folder === undefined) throw new Error("the journal has no folder");
  return folder;
}

const exact = { inputTokens: 12, cachedInputTokens: 4, outputTokens: 9, reasoningTokens: 1 };

describe("what is written is read back", () => {
  test("starts, ends and marks, of any values, over any number of segments", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 40 });
    const tokens = fc.maxSafeNat();
    const request = fc.record({
      start: fc.record({
        organizationId: text,
        projectId: text,
        keyId: text,
        model: text,
        attempt: fc.integer({ min: 1, max: 300 }),
        skewMs: fc.integer({ min: -1e11, max: 1e11 }),
      }),
      startsTogether: fc.boolean(),
      endsTogether: fc.boolean(),
      advances: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 5 }),
      end: fc.option(
        fc.record({
          status: fc.constantFrom<UsageStatus>("completed", "incomplete", "failed", "client_left", "cancelled"),
          usage: fc.option(
            fc.record({
              inputTokens: tokens,
              cachedInputTokens: tokens,
              outputTokens: tokens,
              reasoningTokens: tokens,
            }),
          ),
          latencyMs: fc.nat(),
          timeToFirstTokenMs: fc.option(fc.nat()),
        }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 30 }),
        fc.integer({ min: 50, max: 3_000 }),
        async (requests, segmentBytesMax) => {
          using root = temporaryFolder();
          const journal = await openJournal(root.path, { segmentBytesMax });
          const expected = new Map<string, unknown>();
          const meters = await Promise.all(
            requests.map(async ({ start: { skewMs, ...start }, startsTogether, advances }) => {
              const nowMs = Date.now();
              const whole = usageStart({ ...start, requestId: newRequestId(nowMs), startedAtMs: nowMs + skewMs });
              const meter = startsTogether ? await journal.startTogether(whole) : journal.start(whole);
              for (const advance of advances) meter.advance(advance);
              return { meter, whole };
            }),
          );
          const written: Promise<void>[] = [];
          for (const [index, { end, endsTogether, advances }] of requests.entries()) {
            const { meter, whole } = meters[index] ?? {};
            if (meter === undefined || whole === undefined) throw new Error("no meter");
            expected.set(whole.requestId, "interrupted");
            if (end === null) continue;
            const { status, latencyMs } = end;
            const [usage, timeToFirstTokenMs] = [end.usage ?? undefined, end.timeToFirstTokenMs ?? undefined];
            const told = {
              status,
              latencyMs,
              ...(usage && { usage }),
              ...(timeToFirstTokenMs !== undefined && { timeToFirstTokenMs }),
            };
            if (endsTogether) written.push(meter.endTogether(told));
            else meter.end(told);
            meter.end({ status: "failed", latencyMs: 1 });
            written.push(meter.endTogether({ status: "failed", latencyMs: 1 }));
            const counted = advances.reduce((sum, advance) => sum + advance, 0);
            const unknown = {
              inputTokens: undefined,
              cachedInputTokens: undefined,
              outputTokens: 0,
              reasoningTokens: undefined,
            };
            const tokens = usage ?? unknown;
            expected.set(whole.requestId, {
              ...whole,
              status,
              estimated: usage === undefined || usage.outputTokens < counted,
              ...tokens,
              outputTokens: Math.max(tokens.outputTokens, counted),
              latencyMs,
              timeToFirstTokenMs,
            });
          }
          await Promise.all(written);
          const folder = await onlyFolder(root.path);
          journal.close(false);
          const { ended, interrupted, cuts } = await readDead(folder);
          const read = new Map<string, unknown>(ended.map((request) => [request.requestId, request]));
          for (const { requestId } of interrupted) read.set(requestId, "interrupted");
          expect(ended.length + interrupted.length).toBe(requests.length);
          expect(read).toEqual(expected);
          expect(cuts).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a segment stands for itself: the older ones can go", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path, { segmentBytesMax: 4_000 });
    const long = journal.start(usageStart({ model: "long" }));
    long.advance(70);
    while (journal.segments().length < 5) journal.start(usageStart()).end({ status: "completed", latencyMs: 1 });
    journal.removeSegmentsBefore(journal.segments().at(-1)?.number ?? 0);
    expect(journal.segments().length).toBe(1);
    const folder = await onlyFolder(root.path);
    journal.close(false);
    const { interrupted } = await readDead(folder);
    expect(interrupted.map(({ model, outputTokens }) => ({ model, outputTokens }))).toEqual([
      { model: "long", outputTokens: 70 },
    ]);
  });
});

describe("what starts and ends in one turn of the event loop", () => {
  test("is written with one call, and is on disk when it is said to be", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    const first = await journal.startTogether(usageStart({ model: "first" }));
    const appends = spyOn(SegmentFile.prototype, "append");
    const ended = first.endTogether({ status: "completed", usage: exact, latencyMs: 5 });
    const started = ["second", "third"].map((model) => journal.startTogether(usageStart({ model })));
    expect(appends).toHaveBeenCalledTimes(0);
    await Promise.race([ended, ...started]);
    const { ended: read, interrupted } = await readDead(folder);
    expect(read.map(({ model }) => model)).toEqual(["first"]);
    expect(interrupted.map(({ model }) => model)).toEqual(["second", "third"]);
    await Promise.all([ended, ...started]);
    expect(appends).toHaveBeenCalledTimes(1);
    appends.mockRestore();
    expect(journal.runningRequests).toBe(2);
    journal.close(false);
  });

  test("is refused each for itself", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    const running = await journal.startTogether(usageStart({ model: "running" }));
    const results = await Promise.allSettled([
      journal.startTogether(usageStart({ model: "before" })),
      journal.startTogether(usageStart({ model: "new", keyId: "k".repeat(5_000) })),
      journal.startTogether(usageStart({ model: "new" })),
      running.endTogether({ status: "completed", latencyMs: 1 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: expect.any(RangeError) });
    expect(journal.problem()).toBeUndefined();
    journal.close(false);
    const { ended, interrupted, cuts } = await readDead(folder);
    expect(ended.map(({ model }) => model)).toEqual(["running"]);
    expect(interrupted.map(({ model }) => model)).toEqual(["before", "new"]);
    expect(cuts).toEqual([]);
  });

  test("is refused, or left to the next start's replay, where the journal was closed in between", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    const running = await journal.startTogether(usageStart());
    const started = journal.startTogether(usageStart());
    const ended = running.endTogether({ status: "completed", latencyMs: 1 });
    journal.close(false);
    await expect(started).rejects.toMatchObject({ code: "shutting_down" });
    await ended;
    const { ended: read, interrupted } = await readDead(folder);
    expect([read.length, interrupted.length]).toEqual([0, 1]);
  });
});

describe("the mark", () => {
  test("is on disk before the tokens are sent, and at most 64 tokens ahead of what was sent before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 40 }), async (advances) => {
        using root = temporaryFolder();
        const journal = await openJournal(root.path);
        const folder = await onlyFolder(root.path);
        const meter = journal.start(usageStart());
        let sent = 0;
        for (const tokens of advances) {
          meter.advance(tokens);
          const [request] = (await readDead(folder)).interrupted;
          expect(request?.outputTokens).toBeGreaterThanOrEqual(sent + tokens);
          expect(request?.outputTokens).toBeLessThanOrEqual(sent + 64);
          sent += tokens;
        }
        journal.close(false);
      }),
      { numRuns: 30 },
    );
  });

  test("costs one append in 64 tokens", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const meter = journal.start(usageStart());
    const lengths = new Set<number>();
    for (let token = 0; token < 640; token++) {
      meter.advance(1);
      lengths.add(journal.byteLength);
    }
    expect(lengths.size).toBe(10);
    journal.close(true);
  });
});

describe("a torn tail", () => {
  test("cut at every byte of the last records, or spoilt there, costs these records and no other", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    journal.start(usageStart({ model: "whole" })).end({ status: "completed", usage: exact, latencyMs: 5 });
    const meter = journal.start(usageStart({ model: "torn" }));
    const lengths = [journal.byteLength];
    meter.advance(3);
    lengths.push(journal.byteLength);
    meter.end({ status: "completed", usage: exact, latencyMs: 5, timeToFirstTokenMs: 1 });
    journal.close(false);
    const path = join(folder, "00000001.log");
    const bytes = readFileSync(path);
    const [started = 0, marked = 0] = lengths;
    for (let length = started; length < bytes.length; length++) {
      for (const rest of [
        Buffer.alloc(0),
        Buffer.alloc(bytes.length - length),
        Buffer.alloc(bytes.length - length, 0xff),
      ]) {
        writeFileSync(path, Buffer.concat([bytes.subarray(0, length), rest]));
        const { ended, interrupted, cuts } = await readDead(folder);
        expect(ended.map(({ model }) => model)).toEqual(["whole"]);
        expect(interrupted.map(({ outputTokens }) => outputTokens)).toEqual([length < marked ? 0 : 64]);
        expect(cuts.length).toBe(rest.length > 0 || (length !== started && length !== marked) ? 1 : 0);
      }
    }
  });

  test("of a file that was cut in its first bytes leaves nothing to read", async () => {
    for (let length = 0; length < 8; length++) {
      using root = temporaryFolder();
      writeFileSync(join(root.path, "00000001.log"), "hrusage1".slice(0, length));
      expect((await readDead(root.path)).ended).toEqual([]);
    }
  });
});

describe("who owns a journal", () => {
  test("a living process's journal can't be taken over; after it, exactly one can", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    journal.start(usageStart());
    const folder = await onlyFolder(root.path);
    expect(await takeOverInstanceFolder(folder)).toBeUndefined();
    journal.close(false);
    const takers = await Promise.all([1, 2, 3].map(() => takeOverInstanceFolder(folder)));
    expect(takers.filter((taker) => taker !== undefined).length).toBe(1);
    for (const taker of takers) taker?.release();
  });

  test("several journals stand side by side", async () => {
    using root = temporaryFolder();
    const journals = await Promise.all(Array.from({ length: 5 }, () => openJournal(root.path)));
    expect((await listInstanceFolders(root.path)).length).toBe(5);
    for (const journal of journals) journal.close(true);
    expect(readdirSync(root.path)).toEqual([]);
  });
});

describe("a journal that can't be written", () => {
  test("refuses requests when its folder is gone", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    expect(journal.problem()).toBeUndefined();
    rmSync(folder, { recursive: true });
    journal.check();
    expect(journal.problem()).toContain("was removed");
    expect(() => journal.start(usageStart())).toThrow(ApiError);
    expect(existsSync(folder)).toBe(false);
    journal.close(false);
  });

  test("takes requests again when the folder is back", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const folder = await onlyFolder(root.path);
    renameSync(folder, `${folder}.away`);
    journal.check();
    expect(() => journal.start(usageStart())).toThrow("can't record usage");
    renameSync(`${folder}.away`, folder);
    journal.check();
    expect(journal.problem()).toBeUndefined();
    journal.start(usageStart()).end({ status: "completed", latencyMs: 1 });
    journal.close(false);
    expect((await readDead(folder)).ended.length).toBe(1);
  });

  test("refuses requests beyond its limit, lets the running ones end, and goes on when there is room", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path, { segmentBytesMax: 1_000, bytesMax: 5_000 });
    const folder = await onlyFolder(root.path);
    const running = journal.start(usageStart());
    const fill = () => {
      for (;;) journal.start(usageStart()).end({ status: "completed", latencyMs: 1 });
    };
    expect(fill).toThrow(ApiError);
    expect(journal.problem()).toContain("database");
    running.advance(9);
    running.end({ status: "completed", usage: exact, latencyMs: 1 });
    const { ended, interrupted } = await readDead(folder);
    expect(interrupted).toEqual([]);
    expect(ended.at(-1)?.outputTokens).toBe(9);
    journal.removeSegmentsBefore(journal.segments().at(-1)?.number ?? 0);
    expect(journal.problem()).toBeUndefined();
    journal.start(usageStart());
    journal.close(true);
  });

  test("an id of another make, or a text without end, is the caller's mistake and spoils nothing", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    expect(() => journal.start(usageStart({ requestId: "req_1" }))).toThrow(RangeError);
    expect(() => journal.start(usageStart({ model: "new", keyId: "k".repeat(5_000) }))).toThrow(RangeError);
    expect(journal.problem()).toBeUndefined();
    journal.start(usageStart({ model: "new" }));
    const folder = await onlyFolder(root.path);
    journal.close(false);
    expect((await readDead(folder)).interrupted.map(({ model }) => model)).toEqual(["new"]);
  });

  test("an upstream's nonsense for numbers still ends the request", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const usage = {
      inputTokens: Number.NaN,
      cachedInputTokens: -1,
      outputTokens: Number.POSITIVE_INFINITY,
      reasoningTokens: 1.5,
    };
    journal.start(usageStart()).end({ status: "completed", usage, latencyMs: -7, timeToFirstTokenMs: Number.NaN });
    const folder = await onlyFolder(root.path);
    journal.close(false);
    expect((await readDead(folder)).ended[0]).toMatchObject({ inputTokens: 0, outputTokens: 0, latencyMs: 0 });
  });
});
