import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";

/** Turns that a chain may have; longer ones cost more to load than any model can read. */
const chainTurnsMax = 1_000;

/** A Response object as it was sent: ours has every field, an upstream's may have more. */
export type StoredResponse = Record<string, unknown> & {
  readonly id: string;
  readonly status: string;
  readonly model: string;
  readonly created_at: number;
  readonly output: OutputItem[];
  readonly previous_response_id: string | null;
};

export type StoredTurn = { readonly id: string; readonly inputItems: InputItem[]; readonly output: OutputItem[] };

/** The `responses` table: each row holds one turn, its own input and its own output, and points to the turn before. */
export class ResponseStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async insert(principal: ProjectPrincipal, response: StoredResponse, inputItems: readonly InputItem[]): Promise<void> {
    await inTenant(this.#db, principal, (transaction) =>
      transaction
        .insertInto("responses")
        .values({
          id: response.id,
          organization_id: principal.organizationId,
          project_id: principal.projectId,
          created_at: new Date(response.created_at * 1000),
          status: response.status,
          model: response.model,
          previous_response_id: response.previous_response_id,
          body: JSON.stringify(response),
          input_items: JSON.stringify(inputItems),
        })
        .execute(),
    );
  }

  async find(principal: ProjectPrincipal, id: string): Promise<StoredResponse | undefined> {
    if (!canBeStored(id)) return undefined;
    const row = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .selectFrom("responses")
        .select("body")
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst(),
    );
    return row && (JSON.parse(row.body) as StoredResponse);
  }

  /** @returns whether there was one. Its text is gone for good; turns that continued it can't be continued further. */
  async delete(principal: ProjectPrincipal, id: string): Promise<boolean> {
    if (!canBeStored(id)) return false;
    const result = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .deleteFrom("responses")
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst(),
    );
    return result.numDeletedRows > 0n;
  }

  /**
   * A turn and all before it, oldest first.
   * @returns undefined where one of them is unknown, deleted or another project's.
   */
  async chain(principal: ProjectPrincipal, id: string): Promise<StoredTurn[] | undefined> {
    const found = await this.turns(principal, id);
    return found?.isWhole ? found.turns : undefined;
  }

  /**
   * A turn and those before it that are still there, oldest first; `isWhole` where none is missing.
   * @returns undefined where the turn itself is unknown, deleted or another project's.
   */
  async turns(principal: ProjectPrincipal, id: string): Promise<{ turns: StoredTurn[]; isWhole: boolean } | undefined> {
    if (!canBeStored(id)) return undefined;
    const { organizationId, projectId } = principal;
    const { rows } = await inTenant(this.#db, principal, (transaction) =>
      sql<{ id: string; previous_response_id: string | null; body: string; input_items: string }>`
        with recursive chain as (
          select id, previous_response_id, body, input_items, 1 as depth from responses
          where id = ${id} and organization_id = ${organizationId} and project_id = ${projectId}
          union all
          select parent.id, parent.previous_response_id, parent.body, parent.input_items, chain.depth + 1
          from responses parent join chain on parent.id = chain.previous_response_id
          where parent.organization_id = ${organizationId} and parent.project_id = ${projectId}
            and chain.depth < ${chainTurnsMax}
        )
        select id, previous_response_id, body, input_items from chain order by depth desc`.execute(transaction),
    );
    const oldest = rows[0];
    if (oldest === undefined) return undefined;
    const turns = rows.map((row) => ({
      id: row.id,
      inputItems: JSON.parse(row.input_items) as InputItem[],
      output: (JSON.parse(row.body) as StoredResponse).output,
    }));
    return { turns, isWhole: oldest.previous_response_id === null };
  }
}

/** Postgres refuses a text with U+0000, also in a question: no response has such an id. */
function canBeStored(id: string): boolean {
  return !id.includes("\0");
}
