import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { isStorableId } from "../../database/storable-id.ts";
import type { ConversationsTable, Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { conversationLocked, conversationNotFound } from "./conversation-errors.ts";

export type ConversationRow = Pick<Selectable<ConversationsTable>, "id" | "created_at" | "metadata">;

const columns = ["id", "created_at", "metadata"] as const;

/** The `conversations` table. Each work is a transaction of the project that asks. */
export class ConversationStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Runs `work`, which only reads, with a conversation that is there. @throws ApiError `not_found`. */
  async within<Result>(
    principal: ProjectPrincipal,
    id: string,
    work: (transaction: Transaction<Tables>, row: ConversationRow) => Promise<Result>,
  ): Promise<Result> {
    if (!isStorableId(id)) throw conversationNotFound(id);
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await selectConversation(transaction, principal, id).select(columns).executeTakeFirst();
      if (row === undefined) throw conversationNotFound(id);
      return work(transaction, row);
    });
  }

  /**
   * Runs `work` that changes a conversation's items; changes of one conversation follow one another.
   * @throws ApiError `conversation_locked` while a response is being made in it.
   */
  async changing<Result>(
    principal: ProjectPrincipal,
    id: string,
    work: (transaction: Transaction<Tables>, row: ConversationRow) => Promise<Result>,
  ): Promise<Result> {
    if (!isStorableId(id)) throw conversationNotFound(id);
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await selectConversation(transaction, principal, id)
        .select([...columns, sql<boolean>`coalesce(held_until > now(), false)`.as("is_held")])
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) throw conversationNotFound(id);
      if (row.is_held) throw conversationLocked();
      return work(transaction, row);
    });
  }

  /** Makes a conversation; `fill` adds its first items in the same transaction. */
  async create(
    principal: ProjectPrincipal,
    conversation: {
      readonly id: string;
      readonly createdAt: Date;
      readonly metadata: Readonly<Record<string, string>>;
    },
    fill: (transaction: Transaction<Tables>) => Promise<void>,
  ): Promise<ConversationRow> {
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await transaction
        .insertInto("conversations")
        .values({
          id: conversation.id,
          organization_id: principal.organizationId,
          project_id: principal.projectId,
          created_at: conversation.createdAt,
          metadata: JSON.stringify(conversation.metadata),
        })
        .returning(columns)
        .executeTakeFirstOrThrow();
      await fill(transaction);
      return row;
    });
  }

  async setMetadata(
    principal: ProjectPrincipal,
    id: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<ConversationRow> {
    if (!isStorableId(id)) throw conversationNotFound(id);
    const row = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .updateTable("conversations")
        .set({ metadata: JSON.stringify(metadata) })
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .returning(columns)
        .executeTakeFirst(),
    );
    if (row === undefined) throw conversationNotFound(id);
    return row;
  }

  /**
   * Deletes a conversation, also while a response is being made in it: that response is then kept without it. Items that
   * a stored response holds stay with that response; nothing else could ever reach the others.
   */
  async delete(principal: ProjectPrincipal, id: string): Promise<void> {
    if (!isStorableId(id)) throw conversationNotFound(id);
    await inTenant(this.#db, principal, async (transaction) => {
      const { organizationId, projectId } = principal;
      const { numDeletedRows } = await transaction
        .deleteFrom("conversations")
        .where("id", "=", id)
        .where("organization_id", "=", organizationId)
        .where("project_id", "=", projectId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw conversationNotFound(id);
      await transaction
        .deleteFrom("conversation_items")
        .where("conversation_id", "=", id)
        .where("organization_id", "=", organizationId)
        .where("project_id", "=", projectId)
        .where("response_id", "is", null)
        .execute();
      await transaction
        .updateTable("conversation_items")
        .set({ conversation_id: null })
        .where("conversation_id", "=", id)
        .where("organization_id", "=", organizationId)
        .where("project_id", "=", projectId)
        .execute();
    });
  }

  /**
   * Holds a conversation for one request, which alone may then change its items until `holdMs` from now; `load` reads
   * them in the same transaction.
   * @throws ApiError `not_found`, or `conversation_locked` where another request holds it.
   */
  async hold<Loaded>(
    principal: ProjectPrincipal,
    id: string,
    claim: { readonly holder: string; readonly holdMs: number },
    load: (transaction: Transaction<Tables>) => Promise<Loaded>,
  ): Promise<Loaded> {
    return this.changing(principal, id, async (transaction) => {
      await transaction
        .updateTable("conversations")
        .set({ held_by: claim.holder, held_until: inMs(claim.holdMs) })
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .execute();
      return load(transaction);
    });
  }

  /** Moves the end of a hold to `holdMs` from now, as long as it is still `holder`'s. */
  async renew(
    principal: ProjectPrincipal,
    id: string,
    { holder, holdMs }: { readonly holder: string; readonly holdMs: number },
  ): Promise<void> {
    await inTenant(this.#db, principal, (transaction) =>
      transaction
        .updateTable("conversations")
        .set({ held_until: inMs(holdMs) })
        .where("id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .where("held_by", "=", holder)
        .execute(),
    );
  }

  async release(principal: ProjectPrincipal, id: string, holder: string): Promise<void> {
    await inTenant(this.#db, principal, (transaction) => releaseHold(transaction, principal, id, holder));
  }
}

function selectConversation(transaction: Transaction<Tables>, principal: ProjectPrincipal, id: string) {
  return transaction
    .selectFrom("conversations")
    .where("id", "=", id)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId);
}

export async function isThere(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  id: string,
): Promise<boolean> {
  return (await selectConversation(transaction, principal, id).select("id").executeTakeFirst()) !== undefined;
}

/** Who holds a conversation, in a transaction that no change of it can overtake; undefined where there is none. */
export async function lockHolder(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  id: string,
): Promise<{ readonly heldBy: string | null } | undefined> {
  const row = await selectConversation(transaction, principal, id).select("held_by").forUpdate().executeTakeFirst();
  return row && { heldBy: row.held_by };
}

export async function releaseHold(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  id: string,
  holder: string,
): Promise<void> {
  await transaction
    .updateTable("conversations")
    .set({ held_by: null, held_until: null })
    .where("id", "=", id)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .where("held_by", "=", holder)
    .execute();
}

function inMs(milliseconds: number) {
  return sql<Date>`now() + ${milliseconds}::integer * interval '1 millisecond'`;
}
