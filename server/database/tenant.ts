import type { Kysely, Transaction } from "kysely";
import { aheadQuery } from "./dialect.ts";
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
  if (tenant.organizationId === "" || tenant.projectId === "") throw new Error("a tenant's id is empty");
  return inScope(db, ["tenant", tenant.organizationId, tenant.projectId ?? ""], work);
}

/** Runs `work` in a transaction that sees every tenant's rows: for key loading, usage folding and the CLI only. */
export async function inPlatform<Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return inScope(db, ["platform", "", ""], work);
}

const setScope =
  "select set_config('headrace.scope', $1, true), set_config('headrace.organization_id', $2, true), " +
  "set_config('headrace.project_id', $3, true)";

async function inScope<Result>(
  db: Kysely<Tables>,
  settings: readonly [scope: string, organizationId: string, projectId: string],
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (transaction) => {
    await transaction.executeQuery(aheadQuery(setScope, settings));
    return work(transaction);
  });
}
