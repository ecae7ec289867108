import type { ReservedSQL, SQL } from "bun";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import { withSqlStateAsCode } from "./database-errors.ts";

type BunResult = unknown[] & { readonly command: string | null; readonly count: number | null };

const sentAhead = new WeakSet<CompiledQuery>();

/**
 * A statement whose rows nobody reads. It is sent at once and not waited for: the next statement of the same transaction
 * follows it on the wire in the same round trip, and throws its error. Only for use inside a transaction, where a failed
 * statement makes all later ones fail.
 */
export function aheadQuery(text: string, parameters: readonly unknown[]): CompiledQuery {
  const query = CompiledQuery.raw(text, [...parameters]);
  sentAhead.add(query);
  return query;
}

/** Counts what was sent to the database, BEGIN and COMMIT included. */
export type StatementCounter = { sent: number };

/** Kysely on Bun's own Postgres client. Closing the Kysely instance closes `sql`. */
export function bunSqlDialect(sql: SQL, counter: StatementCounter = { sent: 0 }): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new BunSqlDriver(sql, counter),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class BunSqlConnection implements DatabaseConnection {
  readonly #reserved: ReservedSQL;
  readonly #counter: StatementCounter;
  #ahead: Promise<BunResult>[] = [];

  constructor(reserved: ReservedSQL, counter: StatementCounter) {
    this.#reserved = reserved;
    this.#counter = counter;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (sentAhead.has(query)) {
      this.sendAhead(query.sql, query.parameters);
      return { rows: [] };
    }
    const result = await this.run(query.sql, query.parameters);
    const rows = [...result] as Row[];
    if (result.command === "SELECT") return { rows };
    return { rows, numAffectedRows: BigInt(result.count ?? 0) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; this one only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("Bun.SQL has no cursors: read large results in pages by key instead of stream()");
  }

  sendAhead(text: string, parameters: readonly unknown[] = []): void {
    const sent = this.#send(text, parameters);
    // The failure is not lost: `run` awaits the same promise and throws it.
    sent.catch(() => undefined);
    this.#ahead.push(sent);
  }

  /** Runs one statement behind all that was sent ahead, and throws the first error of them all. */
  async run(text: string, parameters: readonly unknown[] = []): Promise<BunResult> {
    const current = this.#send(text, parameters);
    if (this.#ahead.length === 0) return current;
    const ahead = this.#ahead;
    this.#ahead = [];
    await Promise.allSettled([...ahead, current]);
    for (const sent of ahead) await sent;
    return current;
  }

  release(): void {
    this.#reserved.release();
  }

  async #send(text: string, parameters: readonly unknown[]): Promise<BunResult> {
    this.#counter.sent += 1;
    // Bun sends a text without values by the simple protocol, and waits for its answer before it sends the next one; as
    // a template it goes by the extended protocol, which can be pipelined.
    const query =
      parameters.length === 0
        ? this.#reserved<BunResult>(templateOf(text))
        : this.#reserved.unsafe<BunResult>(text, [...parameters]);
    try {
      // `execute()` puts the statement into the connection's queue now, so that the order of calls is the wire's order.
      return await query.execute();
    } catch (error) {
      throw withSqlStateAsCode(error);
    }
  }
}

class BunSqlDriver implements Driver {
  readonly #sql: SQL;
  readonly #counter: StatementCounter;

  constructor(sql: SQL, counter: StatementCounter) {
    this.#sql = sql;
    this.#counter = counter;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BunSqlConnection> {
    try {
      return new BunSqlConnection(await this.#sql.reserve(), this.#counter);
    } catch (error) {
      throw withSqlStateAsCode(error);
    }
  }

  /** BEGIN goes out with the first statement: it costs no round trip of its own. */
  async beginTransaction(connection: BunSqlConnection, settings: TransactionSettings): Promise<void> {
    if (settings.isolationLevel === "snapshot") throw new Error("Postgres calls it repeatable read, not snapshot");
    const isolation = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : "";
    const access = settings.accessMode ? ` ${settings.accessMode}` : "";
    connection.sendAhead(`begin${isolation}${access}`);
  }

  /**
   * Postgres answers COMMIT of a failed transaction with ROLLBACK and no error; a caller who swallowed the failed
   * statement's error would believe that all was kept.
   */
  async commitTransaction(connection: BunSqlConnection): Promise<void> {
    const { command } = await connection.run("commit");
    if (command === "ROLLBACK") throw new Error("rolled back: a statement of this transaction had failed");
  }

  async rollbackTransaction(connection: BunSqlConnection): Promise<void> {
    await connection.run("rollback");
  }

  async savepoint(connection: BunSqlConnection, name: string): Promise<void> {
    await connection.run(`savepoint ${quoteIdentifier(name)}`);
  }

  async rollbackToSavepoint(connection: BunSqlConnection, name: string): Promise<void> {
    await connection.run(`rollback to savepoint ${quoteIdentifier(name)}`);
  }

  async releaseSavepoint(connection: BunSqlConnection, name: string): Promise<void> {
    await connection.run(`release savepoint ${quoteIdentifier(name)}`);
  }

  async releaseConnection(connection: BunSqlConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#sql.close({ timeout: 5 });
  }
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Bun tells templates from other arrays by a property `raw` that is not enumerable. */
function templateOf(text: string): TemplateStringsArray {
  return Object.defineProperty([text], "raw", { value: [text] }) as string[] & { raw: string[] };
}
