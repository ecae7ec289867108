import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "kysely";
import { openDatabase } from "./connect.ts";
import { openPlainPool, runMixedClient } from "./testing/client-mix.ts";
import { useTestDatabase } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const { address, db, listen } = await useTestDatabase();
const owner = openDatabase(address, { as: "owner", connectionsMax: 2 });

beforeAll(async () => {
  await sql`create table mix (mark text primary key, client integer not null)`.execute(owner.db);
  await sql`grant all on mix to public`.execute(owner.db);
});
afterAll(() => owner.close());

describe.each([true, false])("with prepared statements: %p", (prepare) => {
  test.each([16, 50])(
    "%d clients at once: every answer is its own client's",
    async (clients) => {
      await sql`truncate mix`.execute(owner.db);
      const pools = Array.from({ length: clients }, () => openPlainPool(address, 1, prepare));
      const rounds = 24;
      try {
        const results = await Promise.all(pools.map((pool, client) => runMixedClient(pool, client, rounds)));
        expect(results.reduce((sum, { answers }) => sum + answers, 0)).toBe(clients * rounds);
        const { rows } = await sql<{ kept: string; gone: string }>`
        select count(*) filter (where mark not like 'gone%') as kept, count(*) filter (where mark like 'gone%') as gone from mix
      `.execute(owner.db);
        expect(rows).toEqual([{ kept: String((clients * rounds) / 6), gone: "0" }]);
      } finally {
        await Promise.all(pools.map((pool) => pool.close({ timeout: 1 })));
      }
    },
    60_000,
  );
});

test("one pool of ten connections, shared by fifty callers", async () => {
  await sql`truncate mix`.execute(owner.db);
  const pool = openPlainPool(address, 10);
  try {
    const results = await Promise.all(Array.from({ length: 50 }, (_, client) => runMixedClient(pool, client, 12)));
    expect(results.reduce((sum, { answers }) => sum + answers, 0)).toBe(600);
  } finally {
    await pool.close({ timeout: 1 });
  }
});

test("clients that are cut off in their transactions leave nothing behind and hold nobody up", async () => {
  await sql`truncate mix`.execute(owner.db);
  const steady = Array.from({ length: 8 }, () => openPlainPool(address, 1));
  const working = Promise.all(steady.map((pool, client) => runMixedClient(pool, client, 48)));
  const cutOff = async (client: number) => {
    const pool = openPlainPool(address, 1);
    const connection = await pool.reserve();
    await connection.unsafe("begin");
    await connection.unsafe("insert into mix (mark, client) values ($1, $2)", [`cut ${client}`, client]);
    await pool.close({ timeout: 0 });
  };
  try {
    for (let client = 0; client < 20; client++) await cutOff(client);
    expect((await working).reduce((sum, { answers }) => sum + answers, 0)).toBe(8 * 48);
    expect((await sql`select mark from mix where mark like 'cut%'`.execute(owner.db)).rows).toEqual([]);
  } finally {
    await Promise.all(steady.map((pool) => pool.close({ timeout: 1 })));
  }
});

test("a notification reaches those who listen to its channel, and only them, once its transaction commits", async () => {
  const heard: string[] = [];
  const foreign: string[] = [];
  const ends = [
    await listen("news", (payload) => heard.push(payload)),
    await listen("other", (payload) => foreign.push(payload)),
  ];
  await db.transaction().execute(async (trx) => {
    await sql`select pg_notify('news', 'first')`.execute(trx);
    expect(heard).toEqual([]);
  });
  const rolledBack = db.transaction().execute(async (trx) => {
    await sql`select pg_notify('news', 'never')`.execute(trx);
    throw new Error("rolled back");
  });
  await expect(rolledBack).rejects.toThrow("rolled back");
  await sql`select pg_notify('news', 'second')`.execute(db);
  for (let wait = 0; wait < 200 && heard.length < 2; wait++) await Bun.sleep(10);
  expect(heard).toEqual(["first", "second"]);
  expect(foreign).toEqual([]);
  for (const end of ends) await end();
  await sql`select pg_notify('news', 'third')`.execute(db);
  expect(heard).toEqual(["first", "second"]);
});
