import type { Kysely } from "kysely";
import { isDatabaseUnavailable } from "./database-errors.ts";
import type { NewRow, RowInsert } from "./row-insert.ts";
import type { Tables } from "./tables.ts";
import { insertInTenant, type Tenant } from "./tenant.ts";

/** Rows wait so long for the write before them at most, in milliseconds: one that takes longer has met a trouble of its own. */
const waitMsMax = 100;

type Waiting<Table extends keyof Tables & string> = {
  readonly row: NewRow<Table>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

type Queue<Table extends keyof Tables & string> = { readonly tenant: Tenant; waiting: Waiting<Table>[] };

/**
 * Writes rows that come from many requests. Those that one tenant has in the same turn of the event loop, or while a
 * write of its runs, go out in one statement. Nothing waits for company, and each row's caller learns of that row alone.
 */
export class RowWriter<Table extends keyof Tables & string> {
  readonly #db: Kysely<Tables>;
  readonly #insert: RowInsert<Table>;
  /** The tenants that have a write under way, or begin one in this turn. */
  readonly #queues = new Map<string, Queue<Table>>();

  constructor(db: Kysely<Tables>, insert: RowInsert<Table>) {
    this.#db = db;
    this.#insert = insert;
  }

  /** Resolves when the row is kept. @throws the database's error. */
  add(tenant: Required<Tenant>, row: NewRow<Table>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const key = `${tenant.organizationId} ${tenant.projectId}`;
    const queue = this.#queues.get(key);
    if (queue === undefined) {
      const opened = { tenant, waiting: [{ row, resolve, reject }] };
      this.#queues.set(key, opened);
      setImmediate(() => void this.#write(key, opened));
    } else queue.waiting.push({ row, resolve, reject });
    return promise;
  }

  /** Never rejects: those who wait for the rows learn what went wrong. */
  async #write(key: string, queue: Queue<Table>): Promise<void> {
    const batch = queue.waiting.splice(0, this.#insert.countOf(queue.waiting.map(({ row }) => row)));
    let isWaitedFor = true;
    const letNext = (): void => {
      if (!isWaitedFor) return;
      isWaitedFor = false;
      if (queue.waiting.length > 0) void this.#write(key, queue);
      else this.#queues.delete(key);
    };
    const timer = setTimeout(letNext, waitMsMax);
    try {
      await this.#keep(queue.tenant, batch);
    } finally {
      clearTimeout(timer);
      letNext();
    }
  }

  async #keep(tenant: Tenant, batch: readonly Waiting<Table>[]): Promise<void> {
    try {
      await insertInTenant(
        this.#db,
        tenant,
        this.#insert,
        batch.map(({ row }) => row),
      );
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // A database that is away has nothing against any one of the rows.
      if (batch.length === 1 || isDatabaseUnavailable(error)) for (const { reject } of batch) reject(error);
      else for (const one of batch) await this.#keep(tenant, [one]);
    }
  }
}
