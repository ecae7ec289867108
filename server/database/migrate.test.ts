import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "kysely";
import { type DatabaseAddress, type OpenDatabase, openDatabase } from "./connect.ts";
import { sqlStateOf } from "./database-errors.ts";
import { DatabaseTooNewError, migrate } from "./migrate.ts";
import { migrations } from "./migrations/index.ts";
import { createEmptyPostgresDatabase } from "./testing/postgres-test-database.ts";
import { createTestDatabase, testDatabaseKind } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const names = migrations.map(({ name }) => name);
const openOwner = (address: DatabaseAddress) => openDatabase(address, { as: "owner", connectionsMax: 1 });

describe("a migrated database", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let owner: OpenDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    owner = openOwner(database.address);
  });
  afterAll(async () => {
    await owner.close();
    await database.dispose();
  });

  test("is left as it is", async () => {
    expect(await migrate(owner.db)).toEqual([]);
  });

  test("takes a new migration whole or not at all", async () => {
    const broken = {
      name: "900-broken",
      statements: ["create table half (id integer)", "create table half (id integer)"],
    };
    const failure = await migrate(owner.db, [...migrations, broken]).catch((error: unknown) => error);
    expect(sqlStateOf(failure)).toBe("42P07");
    const { rows } = await sql`select to_regclass('half') as half`.execute(owner.db);
    expect(rows).toEqual([{ half: null }]);
    expect(await migrate(owner.db)).toEqual([]);
  });

  test("is refused by a version that does not know its migrations", async () => {
    expect(migrate(owner.db, migrations.slice(0, -1))).rejects.toBeInstanceOf(DatabaseTooNewError);
  });

  test("forces row-level security on every tenant table and its partitions", async () => {
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'organization_id'
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
    `.execute(owner.db);
    expect(rows).toEqual([]);
  });
});

test.if(testDatabaseKind === "postgres")("six processes that migrate at once apply each migration once", async () => {
  const empty = await createEmptyPostgresDatabase();
  const owners = Array.from({ length: 6 }, () => openOwner(empty.address));
  try {
    const applied = await Promise.all(owners.map(({ db }) => migrate(db)));
    expect(applied.filter((list) => list.length > 0)).toEqual([names]);
  } finally {
    await Promise.all(owners.map((owner) => owner.close()));
    await empty.giveBack();
  }
});
