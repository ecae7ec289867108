import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import { type Kysely, sql, type Transaction } from "kysely";
import { type NewRow, RowInsert } from "../../database/row-insert.ts";
import { RowWriter } from "../../database/row-writer.ts";
import { isStorableId } from "../../database/storable-id.ts";
import type { Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { ProjectOwner, ProjectPrincipal } from "../../ports/principal.ts";
import { appendTurn, forgetResponse, historyBefore, itemsOfResponse } from "../conversations/index.ts";
import { deleteLog } from "./stream-log/stream-log-store.ts";

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
  readonly conversation?: { readonly id: string } | null;
  readonly background?: boolean | null;
};

export type StoredTurn = {
  readonly id: string;
  /** A response's; a turn of a conversation has ended. */
  readonly status: string;
  readonly inputItems: InputItem[];
  readonly output: OutputItem[];
};

/**
 * The `responses` table: each row holds one turn, its own input and its own output, and points to the turn before. Those
 * of a turn that was made in a conversation stand with the conversation.
 */
export class ResponseStore {
  readonly #db: Kysely<Tables>;
  readonly #writer: RowWriter<"responses">;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#writer = new RowWriter(db, responseInsert);
  }

  /** @param streamed whether its stream is logged. */
  async insert(
    principal: ProjectPrincipal,
    response: StoredResponse,
    inputItems: readonly InputItem[],
    streamed: boolean,
  ): Promise<void> {
    await this.#writer.add(principal, rowOf(principal, response, { conversationId: null, inputItems, streamed }));
  }

  /**
   * Keeps a response that was made in a conversation, in one transaction with what that adds to the conversation. The
   * conversation's items are the response's too, kept once for both.
   * @throws ApiError `conversation_locked` where the hold of the conversation was lost.
   */
  async insertInConversation(
    principal: ProjectPrincipal,
    response: StoredResponse,
    inputItems: readonly InputItem[],
    hold: { readonly conversationId: string; readonly holder: string; readonly isStored: boolean },
    streamed: boolean,
  ): Promise<void> {
    const { id, status, output } = response;
    await inTenant(this.#db, principal, async (transaction) => {
      await appendTurn(transaction, principal, { ...hold, responseId: id, status, input: inputItems, output });
      if (!hold.isStored) return;
      const place = { conversationId: hold.conversationId, inputItems: [], streamed };
      await insertRow(transaction, principal, { ...response, output: [] }, place);
    });
  }

  async find(principal: ProjectPrincipal, id: string): Promise<StoredResponse | undefined> {
    if (!isStorableId(id)) return undefined;
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await transaction
        .selectFrom("responses")
        .select(["body", "conversation_id"])
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const response = JSON.parse(row.body) as StoredResponse;
      if (row.conversation_id === null) return response;
      const { output } = await itemsOfResponse(transaction, principal, id);
      return { ...response, output: output as OutputItem[] };
    });
  }

  /** Whether a response's stream was logged; undefined for an unknown response. */
  async isStreamed(principal: ProjectPrincipal, id: string): Promise<boolean | undefined> {
    if (!isStorableId(id)) return undefined;
    const row = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .selectFrom("responses")
        .select("streamed")
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst(),
    );
    return row?.streamed;
  }

  /**
   * @returns whether there was one. Its text is gone for good; turns that continued it can't be continued further.
   * @throws ApiError `invalid_value` for one that runs in the background.
   */
  async delete(principal: ProjectPrincipal, id: string): Promise<boolean> {
    if (!isStorableId(id)) return false;
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await transaction
        .deleteFrom("responses")
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .returning(["conversation_id", "status", "streamed"])
        .executeTakeFirst();
      if (row === undefined) return false;
      if (row.status === "queued" || row.status === "in_progress") throw underWay();
      if (row.conversation_id !== null) await forgetResponse(transaction, principal, id);
      if (row.streamed) await deleteLog(transaction, principal, id);
      return true;
    });
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
    if (!isStorableId(id)) return undefined;
    return inTenant(this.#db, principal, async (transaction) => {
      const rows = await selectChain(transaction, principal, id);
      const oldest = rows[0];
      if (oldest === undefined) return undefined;
      const turns = rows.map((row) => ({
        id: row.id,
        status: row.status,
        inputItems: JSON.parse(row.input_items) as InputItem[],
        output: (JSON.parse(row.body) as StoredResponse).output,
      }));
      if (oldest.conversation_id === null) return { turns, isWhole: oldest.previous_response_id === null };
      const own = await itemsOfResponse(transaction, principal, oldest.id);
      const before = await historyBefore(transaction, principal, oldest.conversation_id, own.firstNumber);
      const beginning = [
        { id: oldest.conversation_id, status: "completed", inputItems: (before ?? []) as InputItem[], output: [] },
        {
          id: oldest.id,
          status: oldest.status,
          inputItems: own.input as InputItem[],
          output: own.output as OutputItem[],
        },
      ];
      return { turns: [...beginning, ...turns.slice(1)], isWhole: before !== undefined };
    });
  }
}

type ChainRow = {
  id: string;
  status: string;
  previous_response_id: string | null;
  conversation_id: string | null;
  body: string;
  input_items: string;
};

/** Only the oldest turn of a chain can have been made in a conversation: one that continues another is in none. */
async function selectChain(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectPrincipal,
  id: string,
): Promise<ChainRow[]> {
  const { rows } = await sql<ChainRow>`
    with recursive chain as (
      select id, status, previous_response_id, conversation_id, body, input_items, 1 as depth from responses
      where id = ${id} and organization_id = ${organizationId} and project_id = ${projectId}
      union all
      select parent.id, parent.status, parent.previous_response_id, parent.conversation_id, parent.body,
        parent.input_items, chain.depth + 1
      from responses parent join chain on parent.id = chain.previous_response_id
      where parent.organization_id = ${organizationId} and parent.project_id = ${projectId}
        and chain.depth < ${chainTurnsMax}
    )
    select id, status, previous_response_id, conversation_id, body, input_items from chain order by depth desc`.execute(
    transaction,
  );
  return rows;
}

/** Where a response stands besides its row. */
type Place = {
  readonly conversationId: string | null;
  readonly inputItems: readonly InputItem[];
  readonly streamed: boolean;
};

export async function insertRow(
  transaction: Transaction<Tables>,
  principal: ProjectOwner,
  response: StoredResponse,
  place: Place,
): Promise<void> {
  await transaction
    .insertInto("responses")
    .values(rowOf(principal, response, place))
    .execute();
}

const responseInsert = new RowInsert("responses", {
  id: "text",
  organization_id: "text",
  project_id: "text",
  created_at: "timestamptz",
  status: "text",
  model: "text",
  previous_response_id: "text",
  conversation_id: "text",
  body: "text",
  input_items: "text",
  streamed: "boolean",
});

function rowOf(principal: ProjectOwner, response: StoredResponse, place: Place): NewRow<"responses"> {
  return {
    id: response.id,
    organization_id: principal.organizationId,
    project_id: principal.projectId,
    created_at: new Date(response.created_at * 1000),
    status: response.status,
    model: response.model,
    previous_response_id: response.previous_response_id,
    conversation_id: place.conversationId,
    body: JSON.stringify(response),
    input_items: JSON.stringify(place.inputItems),
    streamed: place.streamed,
  };
}

/** Brings the row of a response that was inserted before its end up to date. */
export async function updateRow(
  transaction: Transaction<Tables>,
  principal: ProjectOwner,
  response: StoredResponse,
  place: Partial<Pick<Place, "conversationId" | "inputItems">> = {},
): Promise<void> {
  await transaction
    .updateTable("responses")
    .set({
      status: response.status,
      body: JSON.stringify(response),
      ...(place.conversationId === undefined ? {} : { conversation_id: place.conversationId }),
      ...(place.inputItems === undefined ? {} : { input_items: JSON.stringify(place.inputItems) }),
    })
    .where("id", "=", response.id)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .execute();
}

/** The words are OpenAI's, as observed. */
function underWay(): ApiError {
  return new ApiError(
    "invalid_value",
    "Cannot delete an in-flight response. Cancel it first, or wait until it has ended.",
    {
      param: "response_id",
    },
  );
}
