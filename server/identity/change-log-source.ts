import type { Kysely } from "kysely";
import { type ChangeCursor, currentChangeCursor, readChangesAfter } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import type { ChangeSource } from "./change-feed.ts";

/** Rows that one look at the log reads; beyond it, reading everything anew is less work. */
const rowsMax = 1_000;

/** Follows the change log of the database from now on. */
export function followChangeLog(db: Kysely<Tables>): ChangeSource {
  let cursor: ChangeCursor | undefined;
  return {
    async readNew() {
      cursor ??= await currentChangeCursor(db);
      const read = await readChangesAfter(db, cursor, rowsMax);
      cursor = read.cursor;
      return read.tooMany ? "too many" : read.changes;
    },
  };
}
