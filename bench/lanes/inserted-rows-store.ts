import { SQL } from "bun";

/** What a database has taken in since its beginning. */
export type Inserted = { readonly rows: ReadonlyMap<string, number>; readonly bytes: number };

/** A server's Postgres, seen from outside: its own statistics. */
export class InsertedRowsStore implements AsyncDisposable {
  readonly #sql: SQL;

  constructor(url: string) {
    this.#sql = new SQL(url, { max: 1 });
  }

  /** Rows by their table, and the size of all tables with their indexes. */
  async inserted(): Promise<Inserted> {
    const tables = (await this.#sql`
      select relname as name, n_tup_ins::float8 as inserted, pg_total_relation_size(relid)::float8 as bytes
      from pg_stat_user_tables`) as { name: string; inserted: number; bytes: number }[];
    return {
      rows: new Map(tables.map(({ name, inserted }) => [name, inserted])),
      bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** The process that serves this connection, on the server's machine. */
  async backend(): Promise<number | undefined> {
    const [row] = (await this.#sql`select pg_backend_pid() as pid`) as { pid: number }[];
    return row?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.close();
  }
}
