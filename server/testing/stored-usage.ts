import { createLogger } from "../adapters/logger/json-logger.ts";
import { loadConfig } from "../config/config.ts";
import { inPlatform } from "../database/tenant.ts";
import { openFoundation } from "../foundation.ts";

export { createServerDatabase, testDatabaseKind } from "../database/testing/test-database.ts";

export type StoredUsage = {
  readonly status: string;
  readonly estimated: boolean;
  /** Meter -> quantity. */
  readonly quantities: Readonly<Record<string, number>>;
};

/**
 * What is booked for requests, an entry for each attempt, read from the data of a server process that has ended.
 * @param environment the settings that the server was started with.
 */
export async function storedAttempts(
  environment: Readonly<Record<string, string>>,
  requestIds: readonly string[],
): Promise<StoredUsage[][]> {
  const config = loadConfig(environment, process.cwd());
  const logger = createLogger({ level: "warn", stream: process.stderr, bufferBytesMax: 65_536 });
  await using foundation = await openFoundation(config, logger);
  const rows = await inPlatform(foundation.database.db, (transaction) =>
    transaction
      .selectFrom("usage_events")
      .selectAll()
      .where("request_id", "in", requestIds)
      .orderBy("attempt")
      .execute(),
  );
  return requestIds.map((requestId) => {
    const attempts = Map.groupBy(
      rows.filter((row) => row.request_id === requestId),
      ({ attempt }) => attempt,
    );
    return [...attempts.values()].flatMap((meters) => {
      const [first] = meters;
      if (first === undefined) return [];
      const quantities = Object.fromEntries(meters.map(({ meter, quantity }) => [meter, Number(quantity)]));
      return [{ status: first.status, estimated: first.estimated, quantities }];
    });
  });
}

/** The same for a request of one attempt; undefined where nothing is booked. */
export async function storedUsage(
  environment: Readonly<Record<string, string>>,
  requestId: string,
): Promise<StoredUsage | undefined> {
  return (await storedAttempts(environment, [requestId]))[0]?.[0];
}
