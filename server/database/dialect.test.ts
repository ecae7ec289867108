import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "kysely";
import { openDatabase } from "./connect.ts";
import { isDatabaseUnavailable, isRetryableConflict, sqlStateOf } from "./database-errors.ts";
import { aheadQuery } from "./dialect.ts";
import { testDatabaseKind, useTestDatabase } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const { address, db } = await useTestDatabase();
const owner = openDatabase(address, { as: "owner", connectionsMax: 1 });

beforeAll(async () => {
  await sql`create table items (id integer primary key, quantity bigint)`.execute(owner.db);
  await sql`grant all on items to public`.execute(owner.db);
});
afterAll(() => owner.close());

const count = async () => Number((await sql<{ n: string }>`select count(*) as n from items`.execute(db)).rows[0]?.n);
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test("values come as the table types say", async () => {
  const { rows } = await sql`
    select 9007199254740993::bigint as big, 12.50::numeric as exact, '2026-01-02T03:04:05.678Z'::timestamptz as time,
      '2026-01-02'::date as day, '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes, array['a','b'] as list,
      null::text as nothing, true as yes
  `.execute(db);
  expect(rows[0]).toEqual({
    big: "9007199254740993",
    exact: "12.50",
    time: new Date("2026-01-02T03:04:05.678Z"),
    day: new Date("2026-01-02T00:00:00Z"),
    json: { a: [1] },
    bytes: Buffer.from([0, 255]),
    list: ["a", "b"],
    nothing: null,
    yes: true,
  });
});

test("values go in as the table types say", async () => {
  const { rows } = await sql`
    select ${9007199254740993n}::bigint as big, ${new Date("2026-01-02T03:04:05.678Z")}::timestamptz as time,
      ${{ a: "\"'é" }}::jsonb as json, ${new Uint8Array([0, 255])}::bytea as bytes, ${["a", 'b,"c', ""]}::text[] as list,
      ${null}::text as nothing, ${"€ \\ ' \" \n"}::text as text
  `.execute(db);
  expect(rows[0]).toEqual({
    big: "9007199254740993",
    time: new Date("2026-01-02T03:04:05.678Z"),
    json: { a: "\"'é" },
    bytes: Buffer.from([0, 255]),
    list: ["a", 'b,"c', ""],
    nothing: null,
    text: "€ \\ ' \" \n",
  });
});

test("a failed statement throws with its SQLSTATE in `code`", async () => {
  await sql`insert into items values (1, 1)`.execute(db);
  const error = await failureOf(sql`insert into items values (1, 1)`.execute(db));
  expect(sqlStateOf(error)).toBe("23505");
  expect(error).toHaveProperty("constraint", "items_pkey");
  expect(isDatabaseUnavailable(error)).toBe(false);
  await sql`delete from items`.execute(db);
});

test("writes tell how many rows they changed", async () => {
  const inserted = await sql`insert into items values (1, 1), (2, 2)`.execute(db);
  expect(inserted.numAffectedRows).toBe(2n);
  const removed = await sql`delete from items returning id`.execute(db);
  expect(removed.numAffectedRows).toBe(2n);
  expect(removed.rows).toEqual([{ id: 1 }, { id: 2 }]);
});

test("stream() says that there is none", async () => {
  const stream = db.selectFrom("organizations").selectAll().stream();
  expect(stream.next()).rejects.toThrow("no cursors");
});

describe("transactions", () => {
  test("keep all or nothing", async () => {
    const failed = db.transaction().execute(async (trx) => {
      await sql`insert into items values (1, 1)`.execute(trx);
      throw new Error("changed my mind");
    });
    expect(await failureOf(failed)).toHaveProperty("message", "changed my mind");
    expect(await count()).toBe(0);
    await db.transaction().execute((trx) => sql`insert into items values (1, 1)`.execute(trx));
    expect(await count()).toBe(1);
    await sql`delete from items`.execute(db);
  });

  test("a swallowed failure does not pass for a commit", async () => {
    const swallowed = db.transaction().execute(async (trx) => {
      await sql`insert into items values (1, 1)`.execute(trx);
      await failureOf(sql`select 1 / 0`.execute(trx));
    });
    expect(await failureOf(swallowed)).toHaveProperty("message", expect.stringContaining("rolled back"));
    expect(await count()).toBe(0);
  });

  test("savepoints undo a part", async () => {
    const trx = await db.startTransaction().execute();
    await sql`insert into items values (1, 1)`.execute(trx);
    const savepoint = await trx.savepoint("before_two").execute();
    await sql`insert into items values (2, 2)`.execute(savepoint);
    await savepoint.rollbackToSavepoint("before_two").execute();
    await trx.commit().execute();
    expect((await sql`delete from items returning id`.execute(db)).rows).toEqual([{ id: 1 }]);
  });

  test.each(["read committed", "repeatable read", "serializable"] as const)("run at the level %s", async (level) => {
    const shown = await db
      .transaction()
      .setIsolationLevel(level)
      .setAccessMode("read only")
      .execute(async (trx) => {
        const { rows } = await sql<{ level: string; readonly: string }>`
          select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as readonly
        `.execute(trx);
        return rows[0];
      });
    expect(shown).toEqual({ level, readonly: "on" });
  });

  test("what was sent ahead takes effect before the next statement, and its failure is thrown there", async () => {
    await db.transaction().execute(async (trx) => {
      await trx.executeQuery(aheadQuery("insert into items values ($1, 1)", [7]));
      expect((await sql`delete from items returning id`.execute(trx)).rows).toEqual([{ id: 7 }]);
    });
    const failed = db.transaction().execute(async (trx) => {
      await trx.executeQuery(aheadQuery("select 1 / $1::int", [0]));
      await sql`insert into items values (8, 8)`.execute(trx);
    });
    expect(sqlStateOf(await failureOf(failed))).toBe("22012");
    expect(await count()).toBe(0);
  });

  test.if(testDatabaseKind === "postgres")(
    "a lost race at the level serializable can be told and retried",
    async () => {
      await sql`insert into items values (1, 0)`.execute(db);
      let arrived = 0;
      const bothRead = Promise.withResolvers<void>();
      const increment = () =>
        db
          .transaction()
          .setIsolationLevel("serializable")
          .execute(async (trx) => {
            const { rows } = await sql<{ quantity: string }>`select quantity from items`.execute(trx);
            arrived += 1;
            if (arrived === 2) bothRead.resolve();
            await bothRead.promise;
            await sql`update items set quantity = ${Number(rows[0]?.quantity) + 1}`.execute(trx);
          });
      const failures = (await Promise.all([failureOf(increment()), failureOf(increment())])).filter(Boolean);
      expect(failures.length).toBe(1);
      expect(isRetryableConflict(failures[0])).toBe(true);
      await sql`delete from items`.execute(db);
    },
  );
});

describe("a database that can't be had", () => {
  test.each([
    { kind: "postgres", url: "postgres://postgres@127.0.0.1:1/none" },
    { kind: "embedded", socketPath: "/nowhere/database.sock" },
  ] as const)("is told apart from a wrong statement: $kind", async (nowhere) => {
    const closed = openDatabase(nowhere, { connectionsMax: 1, connectTimeoutMs: 1000 });
    expect(isDatabaseUnavailable(await failureOf(closed.ping()))).toBe(true);
    expect(isDatabaseUnavailable(await failureOf(sql`select 1`.execute(closed.db)))).toBe(true);
    await closed.close();
  });

  test("after close() statements are refused", async () => {
    const opened = openDatabase(address, { connectionsMax: 1 });
    await opened.ping();
    await opened.close();
    expect(await failureOf(opened.ping())).toBeInstanceOf(Error);
    expect(await failureOf(sql`select 1`.execute(opened.db))).toBeInstanceOf(Error);
  });
});

test("a statement that gets no answer fails as `unavailable`, as do those that wait behind it; later ones are answered", async () => {
  const impatient = openDatabase(address, { connectionsMax: 2, answerMsMax: 100 });
  const waiting = await owner.db.transaction().execute(async (transaction) => {
    await sql`lock table items in access exclusive mode`.execute(transaction);
    const read = () => sql`select count(*) from items`.execute(impatient.db);
    const change = () => impatient.db.transaction().execute((inner) => sql`select count(*) from items`.execute(inner));
    return Promise.all([read, change, read, change].map((work) => failureOf(work())));
  });
  expect(waiting.map(isDatabaseUnavailable)).toEqual([true, true, true, true]);
  await sql`select count(*) from items`.execute(impatient.db);
  await impatient.db.transaction().execute((inner) => sql`select count(*) from items`.execute(inner));
  await impatient.close();
});
