import { createLogger } from "../adapters/logger/json-logger.ts";
import { loadConfig } from "../config/config.ts";
import { inPlatform } from "../database/tenant.ts";
import { openFoundation } from "../foundation.ts";

export { createServerDatabase, testDatabaseKind } from "../database/testing/test-database.ts";

/** One for all: each would listen to stderr anew. */
const logger = createLogger({ level: "warn", stream: process.stderr, bufferBytesMax: 65_536 });

export type StoredUsage = {
  readonly attempt: number;
  readonly status: string;
  readonly estimated: boolean;
  /** Meter -> quantity. */
  readonly quantities: Readonly<Record<string, number>>;
};

/** How long booked requests took, in milliseconds, and until their first token; from the data of a server that has ended. */
export async function storedDurations(
  environment: Readonly<Record<string, string>>,
): Promise<
  readonly { readonly day: string; readonly latencyMs: number; readonly timeToFirstTokenMs: number | null }[]
> {
  const rows = await storedRows(environment);
  return rows.map(({ day, latency_ms: latencyMs, time_to_first_token_ms: timeToFirstTokenMs }) => ({
    day: new Date(day).toISOString().slice(0, 10),
    latencyMs,
    timeToFirstTokenMs,
  }));
}

/**
 * All that is booked, by request, an entry for each attempt in order; read from the data of a server process that has
 * ended: what its journal still holds is booked first.
 * @param environment the settings that the server was started with.
 */
export async function allStoredUsage(
  environment: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, readonly StoredUsage[]>> {
  const byRequest = Map.groupBy(await storedRows(environment), ({ request_id }) => request_id);
  return new Map([...byRequest].map(([requestId, ofRequest]) => [requestId, attemptsOf(ofRequest)]));
}

async function storedRows(environment: Readonly<Record<string, string>>) {
  const config = loadConfig(environment, process.cwd());
  await using foundation = await openFoundation(config, logger);
  return inPlatform(foundation.database.db, (transaction) =>
    transaction.selectFrom("usage_events").selectAll().orderBy("attempt").execute(),
  );
}

type MeterRow = {
  attempt: number;
  meter: string;
  quantity: bigint | number | string;
  status: string;
  estimated: boolean;
};

function attemptsOf(rows: readonly MeterRow[]): StoredUsage[] {
  return [...Map.groupBy(rows, ({ attempt }) => attempt)].flatMap(([attempt, meters]) => {
    const [first] = meters;
    if (first === undefined) return [];
    const quantities = Object.fromEntries(meters.map(({ meter, quantity }) => [meter, Number(quantity)]));
    return [{ attempt, status: first.status, estimated: first.estimated, quantities }];
  });
}

/** The same for some requests, in their order; an empty list where nothing is booked. */
export async function storedAttempts(
  environment: Readonly<Record<string, string>>,
  requestIds: readonly string[],
): Promise<(readonly StoredUsage[])[]> {
  const all = await allStoredUsage(environment);
  return requestIds.map((requestId) => all.get(requestId) ?? []);
}

/** The same for a request of one attempt; undefined where nothing is booked. */
export async function storedUsage(
  environment: Readonly<Record<string, string>>,
  requestId: string,
): Promise<StoredUsage | undefined> {
  return (await storedAttempts(environment, [requestId]))[0]?.[0];
}
