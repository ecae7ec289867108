import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import type { ChatMessage } from "@headrace/contract/chat/messages.ts";
import type { ListChatCompletionsQuery } from "@headrace/contract/chat/stored-chat-completions.ts";
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { pageBounds } from "../../database/page-store.ts";
import { isStorableId } from "../../database/storable-id.ts";
import type { ChatCompletionsTable, Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";

type Metadata = Readonly<Record<string, string>>;

export type NewChatCompletion = {
  readonly completion: ChatCompletion;
  /** The name by which the caller asked for the model. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly metadata: Metadata;
  readonly createdAt: Date;
};

const columns = ["body", "metadata_pairs"] as const;

/** The `chat_completions` table. Every find is one of the project that asks. */
export class ChatCompletionStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async insert(principal: ProjectPrincipal, made: NewChatCompletion): Promise<void> {
    await inTenant(this.#db, principal, (transaction) =>
      transaction
        .insertInto("chat_completions")
        .values({
          id: made.completion.id,
          organization_id: principal.organizationId,
          project_id: principal.projectId,
          created_at: made.createdAt,
          model: made.model,
          metadata_pairs: toPairs(made.metadata),
          body: JSON.stringify(made.completion),
          messages: JSON.stringify(made.messages),
        })
        .execute(),
    );
  }

  async find(principal: ProjectPrincipal, id: string): Promise<ChatCompletion | undefined> {
    if (!isStorableId(id)) return undefined;
    const row = await inTenant(this.#db, principal, (transaction) =>
      selectOf(transaction, principal).where("id", "=", id).select(columns).executeTakeFirst(),
    );
    return row && toCompletion(row);
  }

  async messages(principal: ProjectPrincipal, id: string): Promise<ChatMessage[] | undefined> {
    if (!isStorableId(id)) return undefined;
    const row = await inTenant(this.#db, principal, (transaction) =>
      selectOf(transaction, principal).where("id", "=", id).select("messages").executeTakeFirst(),
    );
    return row && (JSON.parse(row.messages) as ChatMessage[]);
  }

  /**
   * One more than the page holds, which tells whether there is more.
   * @throws ApiError `invalid_value` for an unknown cursor.
   */
  async page(
    principal: ProjectPrincipal,
    { metadata = {}, model, ...page }: ListChatCompletionsQuery,
  ): Promise<{ completions: ChatCompletion[]; rowsMax: number }> {
    return inTenant(this.#db, principal, async (transaction) => {
      const bounds = await pageBounds(transaction, "chat_completions", { project_id: principal.projectId }, page);
      let query = selectOf(transaction, principal).select(columns).where(bounds.where);
      if (model !== undefined) query = query.where("model", "=", storableModel(model));
      const pairs = toPairs(metadata);
      if (pairs.length > 0) query = query.where(sql<boolean>`metadata_pairs @> ${pairs}::text[]`);
      const rows = await query
        .orderBy("created_at", bounds.order)
        .orderBy("id", bounds.order)
        .limit(bounds.rowsMax)
        .execute();
      return { completions: rows.map(toCompletion), rowsMax: bounds.rowsMax };
    });
  }

  async setMetadata(principal: ProjectPrincipal, id: string, metadata: Metadata): Promise<ChatCompletion | undefined> {
    if (!isStorableId(id)) return undefined;
    const row = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .updateTable("chat_completions")
        .set({ metadata_pairs: toPairs(metadata) })
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .returning(columns)
        .executeTakeFirst(),
    );
    return row && toCompletion(row);
  }

  /** @returns whether there was one. */
  async delete(principal: ProjectPrincipal, id: string): Promise<boolean> {
    if (!isStorableId(id)) return false;
    const result = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .deleteFrom("chat_completions")
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst(),
    );
    return result.numDeletedRows > 0n;
  }
}

function selectOf(transaction: Transaction<Tables>, principal: ProjectPrincipal) {
  return transaction
    .selectFrom("chat_completions")
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId);
}

function toPairs(metadata: Metadata): string[] {
  return Object.entries(metadata).map((pair) => JSON.stringify(pair));
}

function toCompletion({ body, metadata_pairs }: Pick<Selectable<ChatCompletionsTable>, (typeof columns)[number]>) {
  const metadata = Object.fromEntries(metadata_pairs.map((pair) => JSON.parse(pair) as [string, string]));
  return { ...(JSON.parse(body) as ChatCompletion), metadata };
}

/** No model has a name that can't be stored, so that any other one that none has will do. */
function storableModel(model: string): string {
  return isStorableId(model) ? model : "";
}
