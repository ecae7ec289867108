import type { Transaction } from "kysely";
import type { Tables } from "../../database/tables.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { KeptItem } from "../items/index.ts";
import { conversationLocked } from "./conversation-errors.ts";
import { isThere, lockHolder, releaseHold } from "./conversation-store.ts";
import { historyOf, insertItems, toNamedItem } from "./item-store.ts";

/** A response that was made in a conversation, at its end. */
export type ConversationTurn = {
  readonly conversationId: string;
  /** Who holds the conversation: the request. */
  readonly holder: string;
  readonly responseId: string;
  /** Whether the response itself is stored. */
  readonly isStored: boolean;
  readonly status: string;
  readonly input: readonly KeptItem[];
  readonly output: readonly KeptItem[];
};

/**
 * Appends a turn's input and output to its conversation, all or none, and lets the conversation go. OpenAI appends
 * "after this response completes"; so a turn that failed or was cancelled leaves the conversation as it was, and can be
 * sent again without saying its input twice. Its items then belong to its response alone.
 * @throws ApiError `conversation_locked` where the hold was lost to another request.
 */
export async function appendTurn(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  turn: ConversationTurn,
): Promise<void> {
  const { conversationId, holder, responseId } = turn;
  const conversation = await lockHolder(transaction, principal, conversationId);
  if (conversation !== undefined && conversation.heldBy !== holder) throw conversationLocked();
  const isAppended = conversation !== undefined && (turn.status === "completed" || turn.status === "incomplete");
  if (isAppended || turn.isStored) {
    const place = {
      conversationId: isAppended ? conversationId : null,
      responseId: turn.isStored ? responseId : null,
    };
    await insertItems(transaction, principal, { ...place, isOutput: false }, turn.input, responseId);
    await insertItems(transaction, principal, { ...place, isOutput: true }, turn.output, `${responseId}\noutput`);
  }
  await releaseHold(transaction, principal, conversationId, holder);
}

/** What a stored response of a conversation read and wrote itself, as it was written. */
export async function itemsOfResponse(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  responseId: string,
): Promise<{ input: KeptItem[]; output: KeptItem[]; firstNumber: string | undefined }> {
  const rows = await transaction
    .selectFrom("conversation_items")
    .select(["number", "id", "body", "is_output"])
    .where("response_id", "=", responseId)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .orderBy("number")
    .execute();
  const of = (isOutput: boolean) =>
    rows.filter((row) => row.is_output === isOutput).map((row) => toNamedItem(row).item);
  return { input: of(false), output: of(true), firstNumber: rows[0]?.number };
}

/**
 * What stood in a conversation before a place in it, each item with its id.
 * @returns undefined where the conversation was deleted.
 */
export async function historyBefore(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  number: string | undefined,
): Promise<KeptItem[] | undefined> {
  if (!(await isThere(transaction, principal, conversationId))) return undefined;
  return (await historyOf(transaction, principal, conversationId, number)).map(({ id, item }) => ({ ...item, id }));
}

/** Lets a response's items go: those that stand in a conversation stay there. */
export async function forgetResponse(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  responseId: string,
): Promise<void> {
  await transaction
    .deleteFrom("conversation_items")
    .where("response_id", "=", responseId)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .where("conversation_id", "is", null)
    .execute();
  await transaction
    .updateTable("conversation_items")
    .set({ response_id: null })
    .where("response_id", "=", responseId)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .execute();
}
