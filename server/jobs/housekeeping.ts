import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { describe } from "../http/render.ts";
import type { Logger } from "../ports/logger.ts";
import { deleteExpired } from "./housekeeping-store.ts";

const intervalMs = 3_600_000;

/** Cleans the database once an hour. Any number of processes may do so. Returns what ends it. */
export function startHousekeeping(db: Kysely<Tables>, logger: Logger): () => void {
  const timer = setInterval(() => {
    deleteExpired(db).catch((error: unknown) =>
      logger.log("warn", "housekeeping failed; it is tried again in an hour", { error: describe(error) }),
    );
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
