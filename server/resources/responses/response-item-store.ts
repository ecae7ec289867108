import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import { type Kysely, sql, type Transaction } from "kysely";
import { isStorableId } from "../../database/storable-id.ts";
import type { Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import { madeAtMs } from "../../inference/ids.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { findItemAnywhere } from "../conversations/index.ts";
import type { StoredResponse } from "./response-store.ts";

/** An item is made while its response runs: none runs for longer than this. */
const responseMsMax = 24 * 60 * 60 * 1000;

/** Later moments have years of five digits, which the database's texts can't say. */
const dateMsMax = Date.UTC(9999, 0);
/** An id may also stand in another response's metadata, for instance. */
const candidatesMax = 16;

/** Items of stored responses, found by the moment that their ids tell, and of conversations. */
export class ResponseItemStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @returns undefined for an item that is unknown, deleted or another project's. */
  async find(principal: ProjectPrincipal, id: string): Promise<InputItem | OutputItem | undefined> {
    if (!isStorableId(id)) return undefined;
    return inTenant(this.#db, principal, async (transaction) => {
      const found = await findOutputItem(transaction, principal, id);
      return found ?? ((await findItemAnywhere(transaction, principal, id)) as InputItem | undefined);
    });
  }
}

async function findOutputItem(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  id: string,
): Promise<OutputItem | undefined> {
  const madeMs = madeAtMs(id);
  if (madeMs === undefined || madeMs > dateMsMax) return undefined;
  const rows = await transaction
    .selectFrom("responses")
    .select("body")
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .where("created_at", ">=", new Date(madeMs - responseMsMax))
    .where("created_at", "<=", new Date(madeMs))
    .where(sql<boolean>`position(${JSON.stringify(id)} in body) > 0`)
    .limit(candidatesMax)
    .execute();
  return rows
    .flatMap((row) => (JSON.parse(row.body) as StoredResponse).output)
    .find((item) => "id" in item && item.id === id);
}
