import { CompiledQuery, type Insertable } from "kysely";
import type { Tables } from "./tables.ts";

type TableName = keyof Tables & string;
export type NewRow<Table extends TableName> = Insertable<Tables[Table]>;
type ColumnTypes<Table extends TableName> = { readonly [Column in keyof NewRow<Table>]: string };

/** Most rows of one statement. */
const rowsMax = 16;
/** Most characters and bytes in one statement of several rows: the embedded database's memory grows with a statement and stays so. */
const sizeMax = 1_000_000;

/** The settings that row-level security goes by. */
export type ScopeSettings = readonly [scope: string, organizationId: string, projectId: string];

/**
 * Adds rows to a table in one statement that says itself whose rows it may write: one round trip, where a transaction
 * takes two and four statements. The rows come out of a join with the CTE that makes the settings, so row-level security
 * looks at them later; were it ever otherwise, it would find none and refuse the rows.
 */
export class RowInsert<Table extends TableName> {
  readonly #table: Table;
  readonly #columns: readonly [name: keyof NewRow<Table> & string, type: string][];
  readonly #onConflict: string;
  /** By the number of rows. */
  readonly #statements = new Map<number, CompiledQuery>();

  /**
   * @param columns the SQL type of each; a row has them all.
   * @param onConflict what follows the rows in SQL.
   */
  constructor(table: Table, columns: ColumnTypes<Table>, onConflict = "") {
    this.#table = table;
    this.#columns = Object.entries(columns) as [keyof NewRow<Table> & string, string][];
    this.#onConflict = onConflict;
  }

  /**
   * How many of the rows one statement takes, from the first. Powers of two, since each number of rows is a statement of
   * its own, which stays prepared on each connection.
   */
  countOf(rows: readonly NewRow<Table>[]): number {
    let fitting = 0;
    for (let size = 0; fitting < Math.min(rows.length, rowsMax); fitting++) {
      size += this.#sizeOf(rows[fitting]);
      if (fitting > 0 && size > sizeMax) break;
    }
    return fitting === 0 ? 0 : 2 ** Math.floor(Math.log2(fitting));
  }

  /** @param rows one at least. */
  statement(settings: ScopeSettings, rows: readonly NewRow<Table>[]): CompiledQuery {
    const parameters: unknown[] = [...settings];
    for (const row of rows) for (const [name] of this.#columns) parameters.push(row[name]);
    // Kysely would freeze the values: 30 us for those of 16 rows.
    return { ...this.#withoutValues(rows.length), parameters };
  }

  #sizeOf(row: NewRow<Table> | undefined): number {
    let size = 0;
    for (const [name] of this.#columns) {
      const value: unknown = row?.[name];
      if (typeof value === "string" || value instanceof Uint8Array) size += value.length;
    }
    return size;
  }

  #withoutValues(rows: number): CompiledQuery {
    const known = this.#statements.get(rows);
    if (known !== undefined) return known;
    let number = 3;
    const values = Array.from({ length: rows }, () => {
      return `(${this.#columns.map(([, type]) => `$${++number}::${type}`).join(", ")})`;
    });
    const names = this.#columns.map(([name]) => name).join(", ");
    const statement = CompiledQuery.raw(`with scope as materialized (select set_config('headrace.scope', $1, true),
  set_config('headrace.organization_id', $2, true), set_config('headrace.project_id', $3, true))
insert into ${this.#table} (${names}) select added.* from scope, (values ${values.join(", ")}) as added ${this.#onConflict}`);
    this.#statements.set(rows, statement);
    return statement;
  }
}
