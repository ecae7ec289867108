import { SQL } from "bun";
import { Kysely, sql as statement } from "kysely";
import { applicationRole } from "./application-role.ts";
import { isDatabaseUnavailable, withSqlStateAsCode } from "./database-errors.ts";
import { bunSqlDialect } from "./dialect.ts";

import type { Tables } from "./tables.ts";

/** Where the database is: a Postgres server, or the embedded one's Unix socket. */
export type DatabaseAddress =
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "embedded"; readonly socketPath: string };

export type DatabaseOptions = {
  /**
   * `application` (the default) gives up the owner's rights on every connection, so that row-level security holds;
   * `owner` is for migrations alone.
   */
  readonly as?: "application" | "owner";
  readonly connectionsMax?: number;
  /** How long a connection attempt may take. */
  readonly connectTimeoutMs?: number;
  /** How long a statement may be without an answer, in milliseconds; an owner's may take as long as they like. */
  readonly answerMsMax?: number;
};

export type OpenDatabase = {
  readonly db: Kysely<Tables>;
  /** How many statements were sent since the start, besides those of `ping` and `listen`. */
  statementsSent(): number;
  /** Resolves when a statement was answered; throws what a statement would throw. */
  ping(): Promise<void>;
  /**
   * Calls `onMessage` for each NOTIFY on `channel`, and `onSubscribed` whenever the subscription stands anew: what was
   * notified before that, or while the connection was away, is lost. Neither may throw. Returns what ends it.
   */
  listen(
    channel: string,
    onMessage: (payload: string) => void,
    onSubscribed?: () => void,
  ): Promise<() => Promise<void>>;
  /** Waits up to five seconds for running statements, then closes all connections; later statements are refused. */
  close(): Promise<void>;
};

const connectionsMaxDefault = 10;
const connectTimeoutMsDefault = 5_000;
/** As long as keys are still taken while the database can't be asked; what waits longer would only be refused later. */
const answerMsMaxDefault = 10_000;
const closeTimeoutSeconds = 5;
/** A pooled connection is replaced after this time, so that load balancers and failovers are followed. */
const connectionLifetimeSeconds = 30 * 60;

/** Opens a pool; connects on first use. */
export function openDatabase(address: DatabaseAddress, options: DatabaseOptions = {}): OpenDatabase {
  const sql = openPool(address, options);
  const counter = { sent: 0 };
  const answerMsMax = options.answerMsMax ?? (options.as === "owner" ? Number.POSITIVE_INFINITY : answerMsMaxDefault);
  const db = new Kysely<Tables>({ dialect: bunSqlDialect(sql, counter, answerMsMax) });
  // On the same pool, and counted apart.
  const pinging = new Kysely<Tables>({ dialect: bunSqlDialect(sql, { sent: 0 }, answerMsMax) });
  return {
    db,
    statementsSent: () => counter.sent,
    async ping() {
      await statement`select 1`.execute(pinging);
    },
    async listen(channel, onMessage, onSubscribed) {
      const subscription = await sql.listen(channel, onMessage, onSubscribed);
      return async () => {
        try {
          await subscription.unlisten();
        } catch (error) {
          // A connection that is gone listens to nothing.
          if (!isDatabaseUnavailable(withSqlStateAsCode(error))) throw error;
        }
      };
    },
    async close() {
      // Kysely closes the pool only where it has used it.
      await db.destroy();
      await sql.close({ timeout: closeTimeoutSeconds });
    },
  };
}

/**
 * The role is a start-up parameter, so that each pooled connection has it from its first statement, after each reconnect
 * too. Postgres applies it as SET ROLE; the embedded front does the same (embedded/front.ts).
 */
function openPool(address: DatabaseAddress, options: DatabaseOptions): SQL {
  const connection: Record<string, string> = { application_name: "headrace" };
  if (options.as !== "owner") connection.role = applicationRole;
  const common = {
    adapter: "postgres",
    max: options.connectionsMax ?? connectionsMaxDefault,
    connectionTimeout: Math.ceil((options.connectTimeoutMs ?? connectTimeoutMsDefault) / 1000),
    connection,
  } as const;
  if (address.kind === "postgres") {
    return new SQL({ ...common, url: address.url, maxLifetime: connectionLifetimeSeconds });
  }
  return new SQL({
    ...common,
    path: address.socketPath,
    username: "postgres",
    password: "",
    database: "postgres",
    tls: false,
  });
}
