import { afterAll, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createTestDatabase } from "../database/testing/test-database.ts";
import type { AccountedRequest } from "./accounted-request.ts";
import { UsageFold } from "./fold.ts";
import { listInstanceFolders } from "./instance-folder.ts";
import { openUsageJournal } from "./open-usage-journal.ts";
import { replayDeadJournals } from "./replay.ts";
import { newRequestId, usageDay } from "./request-id.ts";
import {
  openJournal,
  rememberingLogger,
  silentLogger,
  temporaryFolder,
  usageStart,
} from "./testing/journal-fixtures.ts";
import { removeUsageRows, usageByRequest, usageRows } from "./testing/usage-rows.ts";
import { UsageStore } from "./usage-store.ts";

const database = await createTestDatabase();
afterAll(() => database.dispose());
beforeEach(() => removeUsageRows(database.db));

/** A store whose database can be switched off. */
class InterruptedStore extends UsageStore {
  outage: "none" | "before" | "after the commit" = "none";

  override async insert(requests: readonly AccountedRequest[]): Promise<void> {
    if (this.outage === "before") throw new Error("connection refused");
    await super.insert(requests);
    if (this.outage === "after the commit") throw new Error("connection lost");
  }
}

const exact = { inputTokens: 12, cachedInputTokens: 4, outputTokens: 9, reasoningTokens: 1 };
const zero = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };

describe("a request that ended", () => {
  test("has a row for each meter; an exact zero stays zero, and an estimate says so", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const fold = new UsageFold({ journal, root: root.path, store: new UsageStore(database.db), logger: silentLogger });
    const [a, b, c, d] = [newRequestId(), newRequestId(), newRequestId(), newRequestId()];
    journal
      .start(usageStart({ requestId: a }))
      .end({ status: "completed", usage: exact, latencyMs: 5, timeToFirstTokenMs: 2 });
    journal.start(usageStart({ requestId: b })).end({ status: "failed", usage: zero, latencyMs: 5 });
    const meter = journal.start(usageStart({ requestId: c }));
    meter.advance(3);
    meter.end({ status: "client_left", latencyMs: 5 });
    journal.start(usageStart({ requestId: d }));
    journal.start(usageStart({ requestId: a, attempt: 2 })).end({ status: "completed", usage: exact, latencyMs: 5 });
    await fold.foldNow();
    const all = "cached_input_tokens=4 input_tokens=12 output_tokens=9 reasoning_tokens=1 requests=1";
    expect(await usageByRequest(database.db)).toEqual(
      new Map([
        [a, `completed ${all}`],
        [`${a} 2`, `completed ${all}`],
        [b, "failed input_tokens=0 output_tokens=0 requests=1"],
        [c, "client_left~ output_tokens=3 requests=1"],
      ]),
    );
    await fold.close(1_000);
  });

  test("is folded once, however often and whenever it is asked for", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path, { segmentBytesMax: 3_000 });
    const fold = new UsageFold({ journal, root: root.path, store: new UsageStore(database.db), logger: silentLogger });
    const open: ReturnType<typeof journal.start>[] = [];
    for (let step = 0; step < 1_000; step++) {
      open.push(journal.start(usageStart()));
      if (step % 3 === 0)
        open.splice((step * 31) % open.length, 1)[0]?.end({ status: "completed", usage: exact, latencyMs: 1 });
      if (step % 100 === 0) await Promise.all([fold.foldNow(), fold.foldNow()]);
    }
    for (const meter of open) meter.end({ status: "completed", usage: exact, latencyMs: 1 });
    await fold.foldNow();
    expect(journal.segments().map(({ number }) => number > 3)).toEqual([true]);
    expect((await usageRows(database.db)).length).toBe(5_000);
    await fold.close(1_000);
    expect(await listInstanceFolders(root.path)).toEqual([]);
  });
});

describe("a database that is away", () => {
  test("costs nothing: segments stay until it is back, and no row is doubled", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path, { segmentBytesMax: 3_000 });
    const store = new InterruptedStore(database.db);
    const fold = new UsageFold({ journal, root: root.path, store, logger: silentLogger });
    const work = (requests: number) => {
      for (let request = 0; request < requests; request++)
        journal.start(usageStart()).end({ status: "completed", usage: exact, latencyMs: 1 });
    };
    for (const outage of ["before", "none", "after the commit", "before", "after the commit"] as const) {
      store.outage = outage;
      work(200);
      if (outage === "none") await fold.foldNow();
      else expect(fold.foldNow()).rejects.toThrow("connection");
      await fold.foldNow().catch(() => undefined);
    }
    expect(journal.segments().length).toBeGreaterThan(3);
    store.outage = "none";
    await fold.foldNow();
    expect((await usageRows(database.db)).length).toBe(5_000);
    expect(journal.segments().length).toBe(1);
    await fold.close(1_000);
  });

  test("does not matter to a request that ends while the process closes: it is folded now or by the next process", async () => {
    using root = temporaryFolder();
    const store = new UsageStore(database.db);
    for (let turns = 0; turns < 30; turns++) {
      const journal = await openJournal(root.path);
      const fold = new UsageFold({ journal, root: root.path, store, logger: silentLogger });
      const meter = journal.start(usageStart());
      const closed = fold.close(5_000);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      meter.end({ status: "completed", usage: exact, latencyMs: 1 });
      await closed;
    }
    await replayDeadJournals({ root: root.path, store, logger: silentLogger });
    expect((await usageByRequest(database.db)).size).toBe(30);
  });

  test("at the end leaves the journal on disk, within the time given, and the next process folds it", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const store = new InterruptedStore(database.db);
    store.outage = "before";
    const { logger, lines } = rememberingLogger();
    const fold = new UsageFold({ journal, root: root.path, store, logger });
    fold.start();
    const id = newRequestId();
    journal.start(usageStart({ requestId: id })).end({ status: "completed", usage: exact, latencyMs: 1 });
    await fold.close(1_000);
    expect(lines.some(({ message }) => message.includes("left in the journal"))).toBe(true);
    expect(() => journal.start(usageStart())).toThrow("shutting down");
    const next = await openUsageJournal({
      folder: root.path,
      db: database.db,
      limits: { journalSegmentBytesMax: 8e6, journalBytesMax: 1e9, journalMarkTokens: 64 },
      logger: silentLogger,
    });
    await next.close(10_000);
    expect([...(await usageByRequest(database.db)).keys()]).toEqual([id]);
    expect(await listInstanceFolders(root.path)).toEqual([]);
  });
});

describe("a dead process's journal", () => {
  test("replayed twice, also after a fold that had begun, gives the same rows", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path, { segmentBytesMax: 2_000 });
    const store = new UsageStore(database.db);
    const fold = new UsageFold({ journal, root: root.path, store, logger: silentLogger });
    for (let request = 0; request < 100; request++) {
      const meter = journal.start(usageStart());
      meter.advance(1);
      if (request % 4 > 0) meter.end({ status: "completed", usage: exact, latencyMs: 1 });
      if (request === 50) await fold.foldNow();
    }
    journal.close(false);
    using copy = temporaryFolder();
    await cp(root.path, copy.path, { recursive: true });
    expect(await replayDeadJournals({ root: root.path, store, logger: silentLogger })).toMatchObject({
      folders: 1,
      interrupted: 25,
    });
    const once = await usageRows(database.db);
    expect(once.length).toBe(75 * 5 + 25 * 2);
    await replayDeadJournals({ root: copy.path, store, logger: silentLogger });
    expect(await usageRows(database.db)).toEqual(once);
  });

  test("stays whole while the database is away", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    journal.start(usageStart());
    journal.close(false);
    const store = new InterruptedStore(database.db);
    for (const outage of ["before", "after the commit"] as const) {
      store.outage = outage;
      expect(replayDeadJournals({ root: root.path, store, logger: silentLogger })).rejects.toThrow("connection");
      await replayDeadJournals({ root: root.path, store, logger: silentLogger }).catch(() => undefined);
      expect((await listInstanceFolders(root.path)).length).toBe(1);
    }
    store.outage = "none";
    expect(await replayDeadJournals({ root: root.path, store, logger: silentLogger })).toMatchObject({
      interrupted: 1,
    });
    expect((await usageRows(database.db)).length).toBe(2);
  });
});

describe("a clock", () => {
  test("that jumps back in the middle loses and doubles nothing; each request stays on its id's day", async () => {
    using root = temporaryFolder();
    const journal = await openJournal(root.path);
    const fold = new UsageFold({ journal, root: root.path, store: new UsageStore(database.db), logger: silentLogger });
    const realMs = Date.now();
    const ids: string[] = [];
    try {
      for (const jumpMs of [0, -3_600_000, 5_000, -86_400_000, -40 * 86_400_000]) {
        setSystemTime(new Date(realMs + jumpMs));
        const id = newRequestId();
        const meter = journal.start(usageStart({ requestId: id }));
        setSystemTime(new Date(realMs + jumpMs - 7_200_000));
        meter.end({ status: "completed", usage: zero, latencyMs: -7_200_000 });
        await fold.foldNow();
        ids.push(id);
      }
    } finally {
      setSystemTime();
    }
    expect((await usageByRequest(database.db)).size).toBe(5);
    const days = (await usageRows(database.db)).map(({ request_id }) => usageDay(request_id));
    expect(new Set(days).size).toBeGreaterThanOrEqual(3);
    expect([...(await usageByRequest(database.db)).keys()]).toEqual(ids.sort());
    await fold.close(1_000);
  });

  test("that was far off gives a day that the database refuses: that request is set aside, the others are folded", async () => {
    using root = temporaryFolder();
    const { logger, lines } = rememberingLogger();
    const journal = await openJournal(root.path, { logger });
    const fold = new UsageFold({ journal, root: root.path, store: new UsageStore(database.db), logger });
    const wrong = newRequestId(Date.UTC(1970, 0, 2));
    for (const requestId of [newRequestId(), newRequestId(), wrong, newRequestId()]) {
      journal.start(usageStart({ requestId })).end({ status: "completed", usage: exact, latencyMs: 1 });
    }
    await fold.foldNow();
    expect((await usageByRequest(database.db)).size).toBe(3);
    const file = join(root.path, "refused.jsonl");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ requestId: wrong, outputTokens: 9 });
    expect(lines.map(({ level }) => level)).toEqual(["error"]);
    await fold.close(1_000);
    expect(existsSync(file)).toBe(true);
  });
});

test("names of any kind arrive as they are", async () => {
  using root = temporaryFolder();
  const journal = await openJournal(root.path);
  const fold = new UsageFold({ journal, root: root.path, store: new UsageStore(database.db), logger: silentLogger });
  const names = ['a"b', "a\\b", "{a,b}", "null", "", " ", "日本語🙂", "a\nb", "a'b--", "NUL\0NUL", "lone\ud800"];
  for (const model of names)
    journal.start(usageStart({ model })).end({ status: "completed", usage: zero, latencyMs: 1 });
  await fold.foldNow();
  expect(existsSync(join(root.path, "refused.jsonl"))).toBe(false);
  expect((await usageByRequest(database.db)).size).toBe(names.length);
  await fold.close(1_000);
});
