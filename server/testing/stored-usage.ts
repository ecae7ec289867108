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
 * What is booked for a request, read from the data of a server process that has ended; undefined where nothing is.
 * @param environment the settings that the server was started with.
 */
export async function storedUsage(
  environment: Readonly<Record<string, string>>,
  requestId: string,
): Promise<StoredUsage | undefined> {
  const config = loadConfig(environment, process.cwd());
  const logger = createLogger({ level: "warn", stream: process.stderr, bufferBytesMax: 65_536 });
  await using foundation = await openFoundation(config, logger);
  const rows = await inPlatform(foundation.database.db, (transaction) =>
    transaction.selectFrom("usage_events").selectAll().where("request_id", "=", requestId).execute(),
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const quantities = Object.fromEntries(rows.map(({ meter, quantity }) => [meter, Number(quantity)]));
  return { status: first.status, estimated: first.estimated, quantities };
}
