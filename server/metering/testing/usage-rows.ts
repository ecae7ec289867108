import { type Kysely, sql } from "kysely";
import type { Tables } from "../../database/tables.ts";
import { inPlatform } from "../../database/tenant.ts";

export type UsageRow = {
  request_id: string;
  attempt: number;
  meter: string;
  quantity: string;
  status: string;
  estimated: boolean;
};

/** All rows, in one order. */
export async function usageRows(db: Kysely<Tables>): Promise<UsageRow[]> {
  return inPlatform(db, async (transaction) => {
    const { rows } =
      await sql<UsageRow>`select request_id, attempt, meter, quantity::text as quantity, status, estimated
      from usage_events order by request_id, attempt, meter`.execute(transaction);
    return rows;
  });
}

export async function removeUsageRows(db: Kysely<Tables>): Promise<void> {
  await inPlatform(db, (transaction) => sql`delete from usage_events`.execute(transaction));
}

/** The rows as `meter=quantity` by request, with the status and a `~` for estimated ones. */
export async function usageByRequest(db: Kysely<Tables>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const row of await usageRows(db)) {
    const key = row.attempt === 1 ? row.request_id : `${row.request_id} ${row.attempt}`;
    const before = found.get(key) ?? `${row.status}${row.estimated ? "~" : ""}`;
    found.set(key, `${before} ${row.meter}=${row.quantity}`);
  }
  return found;
}
