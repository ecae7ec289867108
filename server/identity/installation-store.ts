import type { Kysely } from "kysely";
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
