import type { Kysely, Transaction } from "kysely";
import { aheadQuery } from "./dialect.ts";
import type { NewRow, RowInsert, ScopeSettings } from "./row-insert.ts";
import type { Tables } from "./tables.ts";

/** Whose rows a transaction may see. Without a project: all rows of the organization. */
export type Tenant = { readonly organizationId: string; readonly projectId?: string };

/**
 * Runs `work` in a transaction that sees and writes one tenant's rows only; row-level security holds it there, whatever
 * the statements say. Inside, use the given transaction only: waiting for another connection there can deadlock.
 *
 * The ids travel as parameters, in the same round trip as BEGIN and the first statement of `work` (see `aheadQuery`).
 * Should they fail to be set, the transaction sees nothing.
 */
export async function inTenant<Result>(
  db: Kysely<Tables>,
  tenant: Tenant,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return inScope(db, settingsOf(tenant), work);
}

/** Runs `work` in a transaction that sees every tenant's rows: for key loading, usage folding and the CLI only. */
export async function inPlatform<Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return inScope(db, platformSettings, work);
}

/** Adds rows of one tenant, all or none, in one round trip; row-level security refuses those of another. */
export async function insertInTenant<Table extends keyof Tables & string>(
  db: Kysely<Tables>,
  tenant: Tenant,
  insert: RowInsert<Table>,
  rows: readonly NewRow<Table>[],
): Promise<void> {
  await db.executeQuery(insert.statement(settingsOf(tenant), rows));
}

/** Adds rows of any tenants, all or none, in one round trip: for what is written for all of them at once only. */
export async function insertInPlatform<Table extends keyof Tables & string>(
  db: Kysely<Tables>,
  insert: RowInsert<Table>,
  rows: readonly NewRow<Table>[],
): Promise<void> {
  await db.executeQuery(insert.statement(platformSettings, rows));
}

const setScope =
  "select set_config('headrace.scope', $1, true), set_config('headrace.organization_id', $2, true), " +
  "set_config('headrace.project_id', $3, true)";

const platformSettings: ScopeSettings = ["platform", "", ""];

function settingsOf({ organizationId, projectId }: Tenant): ScopeSettings {
  if (organizationId === "" || projectId === "") throw new Error("a tenant's id is empty");
  return ["tenant", organizationId, projectId ?? ""];
}

async function inScope<Result>(
  db: Kysely<Tables>,
  settings: ScopeSettings,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (transaction) => {
    await transaction.executeQuery(aheadQuery(setScope, settings));
    return work(transaction);
  });
}
