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
import { awaitAnswer } from "./answer-deadline.ts";
import { noConnectionInTime, withSqlStateAsCode } from "./database-errors.ts";

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

/**
 * Kysely on Bun's own Postgres client. Closing the Kysely instance closes `sql`.
 * @param answerMsMax a statement that is not answered for so many milliseconds fails, and its connection is closed: a
 *   server that hangs, or a network that swallows packets, breaks no connection by itself.
 */
export function bunSqlDialect(
  sql: SQL,
  counter: StatementCounter = { sent: 0 },
  answerMsMax = Number.POSITIVE_INFINITY,
): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new BunSqlDriver(sql, counter, answerMsMax),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class BunSqlConnection implements DatabaseConnection {
  readonly #reserved: ReservedSQL;
  readonly #counter: StatementCounter;
  readonly #answerMsMax: number;
  #ahead: Promise<BunResult>[] = [];

  constructor(reserved: ReservedSQL, counter: StatementCounter, answerMsMax: number) {
    this.#reserved = reserved;
    this.#counter = counter;
    this.#answerMsMax = answerMsMax;
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
    // Closing the connection fails what waits on it.
    const answered = awaitAnswer(this.#answerMsMax, () => {
      this.#reserved.close({ timeout: 0 }).catch(() => {
        // It was closed already.
      });
    });
    try {
      return await this.#runBehind(this.#ahead.splice(0), this.#send(text, parameters));
    } finally {
      answered();
    }
  }

  async #runBehind(ahead: readonly Promise<BunResult>[], current: Promise<BunResult>): Promise<BunResult> {
    if (ahead.length === 0) return current;
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
  readonly #answerMsMax: number;

  constructor(sql: SQL, counter: StatementCounter, answerMsMax: number) {
    this.#sql = sql;
    this.#counter = counter;
    this.#answerMsMax = answerMsMax;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BunSqlConnection> {
    const reserving = this.#sql.reserve();
    const late = Promise.withResolvers<never>();
    const gotOne = awaitAnswer(this.#answerMsMax, () => late.reject(noConnectionInTime(this.#answerMsMax)));
    try {
      const reserved = await Promise.race([reserving, late.promise]);
      return new BunSqlConnection(reserved, this.#counter, this.#answerMsMax);
    } catch (error) {
      // One that comes yet has nobody who uses it; where it was refused, that is what is thrown here.
      reserving.then((reserved) => reserved.release()).catch(() => undefined);
      throw withSqlStateAsCode(error);
    } finally {
      gotOne();
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
