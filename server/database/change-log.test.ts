import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { type ControlledTransaction, sql } from "kysely";
import {
  appendChange,
  changesChannel,
  changesFromTheStart,
  currentChangeCursor,
  dropOldChanges,
  readChangesAfter,
} from "./change-log-store.ts";
import type { Tables } from "./tables.ts";
import { testDatabaseKind, useTestDatabase } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const { db, listen } = await useTestDatabase();

const append = (key: string) => db.transaction().execute((trx) => appendChange(trx, "keys", key));

/** A reader's successive looks: what each one gives. */
async function readerFrom(start = currentChangeCursor(db)) {
  let cursor = await start;
  return async (rowsMax?: number) => {
    const read = await readChangesAfter(db, cursor, rowsMax);
    cursor = read.cursor;
    return read.changes.map(({ key }) => key);
  };
}

test("changes are read once each, in order, from where the reader stopped", async () => {
  const look = await readerFrom();
  for (const key of ["a", "b"]) await append(key);
  expect(await look()).toEqual(["a", "b"]);
  await append("c");
  expect(await look()).toEqual(["c"]);
  expect(await look()).toEqual([]);
  const all = await readChangesAfter(db, changesFromTheStart);
  expect(all.changes.slice(-3).map(({ key }) => key)).toEqual(["a", "b", "c"]);
});

test("more changes than a reader takes are told as too many, never as all", async () => {
  const start = await currentChangeCursor(db);
  for (const key of ["a", "b", "c"]) await append(key);
  expect(await readChangesAfter(db, start, 3)).toMatchObject({ tooMany: false });
  const read = await readChangesAfter(db, start, 2);
  expect(read).toMatchObject({ tooMany: true, changes: [{ key: "a" }, { key: "b" }] });
  expect(await readChangesAfter(db, read.cursor)).toMatchObject({ tooMany: false, changes: [] });
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

test.if(testDatabaseKind === "postgres")(
  "a change that commits late holds no other back, and is not skipped by readers who saw later ones",
  async () => {
    const look = await readerFrom();
    const early = await db.startTransaction().execute();
    await appendChange(early, "keys", "early");
    const late = await db.startTransaction().execute();
    await appendChange(late, "keys", "late");
    await late.commit().execute();
    await append("after");
    expect(await look()).toEqual(["late", "after"]);
    expect(await look()).toEqual([]);
    await early.commit().execute();
    expect(await look()).toEqual(["early"]);
  },
);

test.if(testDatabaseKind === "postgres")(
  "a transaction that is open for long, and writes elsewhere, holds no change back",
  async () => {
    const look = await readerFrom();
    const open = await db.startTransaction().execute();
    await sql`select pg_current_xact_id()`.execute(open);
    await append("meanwhile");
    expect(await look()).toEqual(["meanwhile"]);
    await open.rollback().execute();
  },
);

/** Steps of several writers, each with one transaction at a time, and of one reader. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("append" as const), writer: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("commit", "rollback"), writer: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const), writer: fc.constant(0) }) },
);

test("whatever the order of commits, each look gives exactly what was committed since the last one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const look = await readerFrom();
      const open = new Map<number, { transaction: ControlledTransaction<Tables>; keys: string[] }>();
      let unread: string[] = [];
      const end = async (writer: number, how: "commit" | "rollback") => {
        const writing = open.get(writer);
        if (writing === undefined) return;
        open.delete(writer);
        await (how === "commit" ? writing.transaction.commit() : writing.transaction.rollback()).execute();
        if (how === "commit") unread.push(...writing.keys);
      };
      const read = async () => {
        const found = await look();
        expect(found.toSorted()).toEqual(unread.toSorted());
        unread = [];
      };
      for (const [index, { kind, writer: chosen }] of steps.entries()) {
        // The embedded database has one session: nobody else gets a word in while a transaction is open there.
        const writer = testDatabaseKind === "embedded" ? 0 : chosen;
        if (kind === "commit" || kind === "rollback") await end(writer, kind);
        else if (kind === "append") {
          const writing = open.get(writer) ?? { transaction: await db.startTransaction().execute(), keys: [] };
          open.set(writer, writing);
          writing.keys.push(`step-${index}`);
          await appendChange(writing.transaction, "keys", `step-${index}`);
        } else if (testDatabaseKind === "postgres" || open.size === 0) await read();
      }
      for (const writer of [...open.keys()]) await end(writer, "commit");
      await read();
    }),
    { numRuns: 60 },
  );
});

test.if(testDatabaseKind === "postgres")(
  "a tailing reader misses nothing of many writers at once, and reads nothing twice",
  async () => {
    const look = await readerFrom();
    const read: string[] = [];
    const wanted: string[] = [];
    let writing = true;
    const tail = async () => {
      while (writing) read.push(...(await look()));
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
    read.push(...(await look()));
    expect(read.toSorted()).toEqual(wanted.toSorted());
  },
);

test("old changes are dropped, new ones stay", async () => {
  await append("kept");
  expect(await dropOldChanges(db, 3_600_000)).toBe(0);
  expect(await dropOldChanges(db, 0)).toBeGreaterThan(0);
});
