import { isDatabaseUnavailable, isRetryableConflict } from "../../../database/database-errors.ts";

/** How long a database that is away is waited for, in milliseconds: a failover takes seconds. */
const awayMsMax = 60_000;
const againMs = 200;

/** Does a piece of work on the database, again and again while the database is away. The work must bear a repetition. */
export async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadlineMs = performance.now() + awayMsMax;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const mayPass = isDatabaseUnavailable(error) || isRetryableConflict(error);
      if (!mayPass || performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}
