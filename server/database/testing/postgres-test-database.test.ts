import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { SQL } from "bun";
import { createEmptyPostgresDatabase } from "./postgres-test-database.ts";
import { testDatabaseKind } from "./test-database.ts";

const invalidCatalogName = "3D000";

const open = (url: string): SQL => new SQL({ url, max: 1 });

test.skipIf(testDatabaseKind === "embedded")(
  "a database is given back although others are connected, also one whose connection is not ours to end",
  async () => {
    const server = open(process.env.HEADRACE_TEST_DATABASE_URL ?? "");
    const role = `headrace_other_${randomBytes(6).toString("hex")}`;
    await server.unsafe(`create role ${role} login password 'other'`);
    const database = await createEmptyPostgresDatabase();
    const { url } = database.address;
    const [ours, theirs] = [open(url), open(Object.assign(new URL(url), { username: role, password: "other" }).href)];
    const [{ pid }] = await ours.unsafe("select pg_backend_pid() as pid");
    await theirs.unsafe("select 1");

    const given = database.giveBack();
    let isConnected = true;
    while (isConnected) isConnected = (await server`select 1 from pg_stat_activity where pid = ${pid}`).length > 0;
    await theirs.close();
    await given;

    const failure = await open(url)
      .unsafe("select 1")
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ errno: invalidCatalogName });
    await server.unsafe(`drop role ${role}`);
    await Promise.all([ours, server].map((client) => client.close()));
  },
  60_000,
);
