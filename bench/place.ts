import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmptyPostgresDatabase } from "@headrace/server/database/testing/postgres-test-database.ts";

export type DatabaseKind = "embedded" | "postgres";

/** Where servers can be started again and again on the same data. */
export type Place = AsyncDisposable & { readonly folder: string; readonly environment: Record<string, string> };

/** The databases that can be measured here: Postgres too where HEADRACE_TEST_DATABASE_URL names a server. */
export const databaseKinds: readonly DatabaseKind[] =
  process.env.HEADRACE_TEST_DATABASE_URL === undefined ? ["embedded"] : ["embedded", "postgres"];

export async function newPlace(kind: DatabaseKind): Promise<Place> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "headrace-bench-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const environment: Record<string, string> = {};
  if (kind === "postgres") {
    const database = await createEmptyPostgresDatabase();
    parts.defer(async () => void (await database.giveBack()));
    environment.HEADRACE_DATABASE_URL = database.address.url;
  }
  const owned = parts.move();
  return { folder, environment, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
