import { CompiledQuery, type Kysely, sql } from "kysely";
import { migrations } from "./migrations/index.ts";
import type { Migration } from "./migrations/migration.ts";
import type { Tables } from "./tables.ts";

/** The database holds migrations that this program does not know: an older Headrace was started on a newer one's data. */
export class DatabaseTooNewError extends Error {
  override readonly name = "DatabaseTooNewError";
}

/** Held by the one process that migrates; any number that nothing else in this database uses. */
const migrationLock = 4_777_001;

/**
 * Brings the schema up to date and returns the names of the migrations applied now. All of them are one transaction:
 * it is all there or not at all. Any number of processes may call it at once: one works, the others wait and find
 * nothing left. `db` must be open as the owner (`openDatabase(…, { as: "owner" })`).
 */
export async function migrate(db: Kysely<Tables>, wanted: readonly Migration[] = migrations): Promise<string[]> {
  return db
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${migrationLock}::bigint)`.execute(transaction);
      await sql`create table if not exists headrace_migrations (
      number integer primary key, name text not null, applied_at timestamptz not null default now()
    )`.execute(transaction);
      const { rows: applied } = await sql<{ name: string }>`
      select name from headrace_migrations order by number
    `.execute(transaction);
      for (const [index, { name }] of applied.entries()) {
        if (wanted[index]?.name !== name) {
          throw new DatabaseTooNewError(`the database has migration ${name}, which this version of Headrace lacks`);
        }
      }
      const missing = wanted.slice(applied.length);
      for (const [index, migration] of missing.entries()) {
        for (const statement of migration.statements) await transaction.executeQuery(CompiledQuery.raw(statement));
        const number = applied.length + index + 1;
        await sql`insert into headrace_migrations (number, name) values (${number}, ${migration.name})`.execute(
          transaction,
        );
      }
      return missing.map(({ name }) => name);
    });
}
