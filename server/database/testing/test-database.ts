import { afterAll } from "bun:test";
import type { DatabaseAddress, OpenDatabase } from "../connect.ts";
import { openDatabase } from "../connect.ts";
import { lendEmbedded } from "./embedded-test-database.ts";
import { createPostgresDatabase } from "./postgres-test-database.ts";

/** A migrated, empty database for one test file. */
export type TestDatabase = OpenDatabase & {
  readonly address: DatabaseAddress;
  /** Closes it and gives it back; to be called in `afterAll`. */
  dispose(): Promise<void>;
};

/** Which database the tests run on: `embedded`, or `postgres` with HEADRACE_TEST_DATABASE=postgres. */
export const testDatabaseKind: "embedded" | "postgres" =
  process.env.HEADRACE_TEST_DATABASE === "postgres" ? "postgres" : "embedded";

/**
 * A migrated, empty database. On Postgres (HEADRACE_TEST_DATABASE_URL, a server where databases may be created) it is a
 * database of its own; embedded, it is this process's child, emptied, or a further child while that one is lent out.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const lent = testDatabaseKind === "postgres" ? await createPostgresDatabase() : await lendEmbedded();
  const opened = openDatabase(lent.address);
  return {
    ...opened,
    address: lent.address,
    async dispose() {
      await opened.close();
      await lent.giveBack();
    },
  };
}

/** `createTestDatabase` that disposes of itself when the test file, or the `describe` it is called in, is through. */
export async function useTestDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  afterAll(() => database.dispose());
  return database;
}

/**
 * What a server process needs in its environment, besides a `HEADRACE_DATA` folder of its own, to run on a fresh
 * database: an URL on Postgres; nothing on the embedded one, which then lives in the data folder.
 */
export async function createServerDatabase(): Promise<{ env: Record<string, string>; dispose(): Promise<void> }> {
  if (testDatabaseKind === "embedded") return { env: {}, dispose: async () => {} };
  const lent = await createPostgresDatabase();
  return { env: { HEADRACE_DATABASE_URL: lent.address.url }, dispose: lent.giveBack };
}
