import { ConfigError } from "./config/config-error.ts";
import type { OpenDatabase } from "./database/connect.ts";
import { readDatabaseTimeMs } from "./identity/installation-store.ts";
import type { Clock } from "./ports/clock.ts";
import type { Logger } from "./ports/logger.ts";

/** Keys expire, and times are told, by this machine's clock; beyond this it is worth a line in the log. */
const differenceMsWarned = 30_000;
/** Usage is kept by days, those of the coming week at most: a machine that is further ahead could book nothing. */
const differenceMsMax = 24 * 3_600_000;

/**
 * Compares this machine's clock with the database's.
 * @throws ConfigError where they are more than a day apart.
 */
export async function requireSameTime({ db }: OpenDatabase, clock: Clock, logger: Logger): Promise<void> {
  const differenceMs = clock.nowMs() - (await readDatabaseTimeMs(db));
  const seconds = Math.round(differenceMs / 1_000);
  if (Math.abs(differenceMs) > differenceMsMax) {
    const way = differenceMs > 0 ? "ahead of" : "behind";
    throw new ConfigError([
      {
        name: "the clock",
        problem: `of this machine is ${Math.abs(seconds)} seconds ${way} the database's`,
        remedy: "Set both by NTP",
      },
    ]);
  }
  if (Math.abs(differenceMs) > differenceMsWarned) {
    logger.log("warn", "this machine's clock differs from the database's: keys expire by it", { seconds });
  }
}
