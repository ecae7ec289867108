import { expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "kysely";
import {
  appendChange,
  type ChangeCursor,
  changesChannel,
  changesFromTheStart,
  currentChangeCursor,
  dropChangesBefore,
  readChangesAfter,
} from "./change-log-store.ts";
import { testDatabaseKind, useTestDatabase } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const { db, listen } = await useTestDatabase();

const append = (key: string) => db.transaction().execute((trx) => appendChange(trx, "keys", key));

/** Transactions anywhere on the server hold the readers back, also those of other tests. */
async function readUntil(cursor: ChangeCursor, key: string): Promise<string[]> {
  for (let triesLeft = 500; triesLeft > 0; triesLeft--) {
    const keys = (await readChangesAfter(db, cursor)).map((change) => change.key);
    if (keys.includes(key)) return keys;
    await Bun.sleep(10);
  }
  throw new Error(`${key} never became readable`);
}

test("changes are read once each, in order, from where the reader stopped", async () => {
  for (const key of ["a", "b", "c"]) await append(key);
  await readUntil(changesFromTheStart, "c");
  const firstTwo = await readChangesAfter(db, changesFromTheStart, 2);
  expect(firstTwo.map(({ key }) => key)).toEqual(["a", "b"]);
  const cursor = firstTwo[1]?.cursor ?? changesFromTheStart;
  expect((await readChangesAfter(db, cursor)).map(({ key }) => key)).toEqual(["c"]);
});

test("a change is hinted at when it commits, never before", async () => {
  const hints: string[] = [];
  const end = await listen(changesChannel, (topic) => hints.push(topic));
  await db.transaction().execute(async (trx) => {
    await appendChange(trx, "prices", "p");
    expect(hints).toEqual([]);
  });
  for (let wait = 0; wait < 200 && hints.length === 0; wait++) await Bun.sleep(10);
  expect(hints).toEqual(["prices"]);
  await end();
});

test("a reader that starts now gets what comes, and nothing that was committed and seen before", async () => {
  await append("seen");
  await readUntil(changesFromTheStart, "seen");
  const cursor = await currentChangeCursor(db);
  await append("new");
  expect(await readUntil(cursor, "new")).toEqual(["new"]);
});

test.if(testDatabaseKind === "postgres")(
  "a change that commits late is not skipped by readers who saw later ones",
  async () => {
    const start = await currentChangeCursor(db);
    const early = await db.startTransaction().execute();
    await appendChange(early, "keys", "early");
    const late = await db.startTransaction().execute();
    await appendChange(late, "keys", "late");
    await late.commit().execute();
    await append("after");

    // The sequence alone would have shown `late` and `after` here, and passed `early` by.
    expect(await readChangesAfter(db, start)).toEqual([]);
    await early.commit().execute();
    expect(await readUntil(start, "after")).toEqual(["early", "late", "after"]);
  },
);

test.if(testDatabaseKind === "postgres")(
  "a tailing reader misses nothing of many writers who commit in any order",
  async () => {
    let cursor = await currentChangeCursor(db);
    const read: string[] = [];
    const wanted: string[] = [];
    let writing = true;
    const tail = async () => {
      for (let emptyReads = 0; writing || emptyReads < 100; ) {
        const changes = await readChangesAfter(db, cursor, 7);
        cursor = changes.at(-1)?.cursor ?? cursor;
        read.push(...changes.map(({ key }) => key));
        emptyReads = changes.length === 0 ? emptyReads + 1 : 0;
        if (read.length === wanted.length && !writing) return;
        await Bun.sleep(2);
      }
    };
    const write = async (writer: number) => {
      for (let count = 0; count < 15; count++) {
        const key = `w${writer}-${count}`;
        wanted.push(key);
        await db.transaction().execute(async (trx) => {
          await appendChange(trx, "keys", key);
          await sql`select pg_sleep(${Math.random() * 0.02})`.execute(trx);
        });
      }
    };
    const tailing = tail();
    await Promise.all(Array.from({ length: 6 }, (_, writer) => write(writer)));
    writing = false;
    await tailing;
    expect(read.toSorted()).toEqual(wanted.toSorted());
  },
);

test("old changes are dropped, new ones stay", async () => {
  await append("kept");
  expect(await dropChangesBefore(db, new Date(Date.now() - 3_600_000))).toBe(0);
  expect(await dropChangesBefore(db, new Date(Date.now() + 3_600_000))).toBeGreaterThan(0);
});
