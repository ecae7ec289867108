import type { Transaction } from "kysely";
import { isStorableId } from "../../database/storable-id.ts";
import type { Tables } from "../../database/tables.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { assignIds, type KeptItem, type NamedItem } from "../items/index.ts";

/** Rows of one INSERT: with their values they stay far below what one statement may bind. */
const rowsOfInsertMax = 1_000;
/** Items of a conversation that a response reads, the newest: more than any model can. */
const historyItemsMax = 16_384;

/** Where new items belong. */
export type ItemPlace = {
  readonly conversationId: string | null;
  readonly responseId: string | null;
  readonly isOutput: boolean;
};

/** Adds items in their order. What has an id that its conversation has already is kept under another one. */
export async function insertItems(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  place: ItemPlace,
  items: readonly KeptItem[],
  seed: string,
): Promise<NamedItem[]> {
  const taken = new Set(await knownIds(transaction, principal, place.conversationId, items));
  const named = assignIds(items, seed, taken);
  for (let start = 0; start < named.length; start += rowsOfInsertMax) {
    const rows = named.slice(start, start + rowsOfInsertMax).map(({ id, item }) => ({
      organization_id: principal.organizationId,
      project_id: principal.projectId,
      conversation_id: place.conversationId,
      response_id: place.responseId,
      is_output: place.isOutput,
      id,
      body: JSON.stringify(item),
    }));
    await transaction.insertInto("conversation_items").values(rows).execute();
  }
  return named;
}

/** Which of the ids that these items bring along a conversation has already. */
export async function knownIds(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string | null,
  items: readonly KeptItem[],
): Promise<string[]> {
  const own = items.flatMap(({ id }) => (typeof id === "string" && isStorableId(id) ? [id] : []));
  if (conversationId === null || own.length === 0) return [];
  const rows = await itemsOf(transaction, principal, conversationId).select("id").where("id", "in", own).execute();
  return rows.map(({ id }) => id);
}

/** An item of a conversation, and whether a model wrote it within a response. */
export type SaidItem = NamedItem & { readonly isOutput: boolean };

/** A conversation's items as a model reads them, oldest first. */
export async function historyOf(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  before?: string,
): Promise<SaidItem[]> {
  let query = itemsOf(transaction, principal, conversationId).select(["id", "body", "is_output"]);
  if (before !== undefined) query = query.where("number", "<", before);
  const rows = await query.orderBy("number", "desc").limit(historyItemsMax).execute();
  return rows.toReversed().map((row) => ({ ...toNamedItem(row), isOutput: row.is_output }));
}

/**
 * A part of a conversation's items in the wanted order.
 * @returns undefined where `after` is none of them.
 */
export async function partOfItems(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  part: { readonly after: string | undefined; readonly order: "asc" | "desc"; readonly rowsMax: number },
): Promise<NamedItem[] | undefined> {
  let query = itemsOf(transaction, principal, conversationId).select(["id", "body"]);
  if (part.after !== undefined) {
    const cursor = await itemsOf(transaction, principal, conversationId)
      .select("number")
      .where("id", "=", part.after)
      .executeTakeFirst();
    if (cursor === undefined) return undefined;
    query = query.where("number", part.order === "asc" ? ">" : "<", cursor.number);
  }
  const rows = await query.orderBy("number", part.order).limit(part.rowsMax).execute();
  return rows.map(toNamedItem);
}

export async function findItem(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  id: string,
): Promise<NamedItem | undefined> {
  if (!isStorableId(id)) return undefined;
  const row = await itemsOf(transaction, principal, conversationId)
    .select(["id", "body"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row && toNamedItem(row);
}

/** The newest item of a project that has an id, in whichever of its conversations, as it was written. */
export async function findItemAnywhere(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  id: string,
): Promise<KeptItem | undefined> {
  const row = await transaction
    .selectFrom("conversation_items")
    .select("body")
    .where("id", "=", id)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .orderBy("number", "desc")
    .executeTakeFirst();
  return row && (JSON.parse(row.body) as KeptItem);
}

/** Takes an item out of its conversation; one that a stored response holds stays with that response. */
export async function removeItem(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  conversationId: string,
  id: string,
): Promise<boolean> {
  if (!isStorableId(id)) return false;
  const row = await itemsOf(transaction, principal, conversationId)
    .select(["number", "response_id"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.response_id === null) {
    await transaction
      .deleteFrom("conversation_items")
      .where("number", "=", row.number)
      .where("organization_id", "=", principal.organizationId)
      .where("project_id", "=", principal.projectId)
      .execute();
  } else {
    await transaction
      .updateTable("conversation_items")
      .set({ conversation_id: null })
      .where("number", "=", row.number)
      .where("organization_id", "=", principal.organizationId)
      .where("project_id", "=", principal.projectId)
      .execute();
  }
  return true;
}

function itemsOf(transaction: Transaction<Tables>, principal: ProjectPrincipal, conversationId: string) {
  return transaction
    .selectFrom("conversation_items")
    .where("conversation_id", "=", conversationId)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId);
}

export function toNamedItem({ id, body }: { readonly id: string; readonly body: string }): NamedItem {
  return { id, item: JSON.parse(body) as KeptItem };
}
