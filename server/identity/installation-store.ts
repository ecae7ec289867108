import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";

/** Writes a fact down where none of that name is known yet, and gives back the one that counts. */
export async function agreeOnFact(db: Kysely<Tables>, name: string, value: string): Promise<string> {
  await db
    .insertInto("installation")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom("installation").select("value").where("name", "=", name).executeTakeFirstOrThrow();
  return row.value;
}

/** What the database's clock says, in Unix milliseconds. */
export async function readDatabaseTimeMs(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const now = rows[0]?.now;
  if (now === undefined) throw new Error("the database told no time");
  return now.getTime();
}
