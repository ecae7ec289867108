import type { ListAuditLogsQuery } from "@headrace/contract/admin/audit-logs/list-audit-logs.ts";
import { pageObjectsDefault } from "@headrace/contract/admin/pagination.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { eventColumns, toAuditEvent } from "./audit-log-store.ts";
import type { AuditEvent } from "./chain.ts";
import { storableText } from "./storable-text.ts";

/** What a listing can be narrowed down by; the types of events are those of the chain. */
export type AuditEventQuery = Omit<ListAuditLogsQuery, "event_types" | "tenant_only"> & {
  readonly event_types?: readonly string[] | undefined;
};

/** A page, newest first. `hasMore` is about events further in the direction in which the cursor leads. */
export type AuditEventPage = { readonly events: readonly AuditEvent[]; readonly hasMore: boolean };

/**
 * Lists an organization's events by OpenAI's filters: one passes when it passes each, and an empty list lets all pass.
 * @throws ApiError `invalid_value` for a cursor that is none of its events
 */
export async function listAuditEvents(
  transaction: Transaction<Tables>,
  organizationId: string,
  query: AuditEventQuery,
): Promise<AuditEventPage> {
  const { limit = pageObjectsDefault, after, before } = query;
  const isForward = before !== undefined && after === undefined;
  let select = transaction
    .selectFrom("audit_log")
    .select(eventColumns)
    .where("organization_id", "=", organizationId)
    .orderBy("sequence", isForward ? "asc" : "desc")
    .limit(limit + 1);
  if (after !== undefined) {
    select = select.where("sequence", "<", await sequenceOf(transaction, organizationId, "after", after));
  }
  if (before !== undefined) {
    select = select.where("sequence", ">", await sequenceOf(transaction, organizationId, "before", before));
  }
  const { gt, gte, lt, lte } = query.effective_at ?? {};
  if (gt !== undefined) select = select.where("effective_at_ms", ">=", milliseconds(gt + 1));
  if (gte !== undefined) select = select.where("effective_at_ms", ">=", milliseconds(gte));
  if (lt !== undefined) select = select.where("effective_at_ms", "<", milliseconds(lt));
  if (lte !== undefined) select = select.where("effective_at_ms", "<", milliseconds(lte + 1));
  const { project_ids = [], event_types = [], actor_ids = [], actor_emails = [], resource_ids = [] } = query;
  if (project_ids.length > 0) select = select.where("project_id", "in", project_ids.map(storableText));
  if (event_types.length > 0) select = select.where("type", "in", event_types);
  if (actor_ids.length > 0) select = select.where(hasAny("actor_ids", actor_ids));
  if (actor_emails.length > 0) {
    const emails = actor_emails.map((email) => email.toLowerCase());
    select = select.where(hasAny("actor_emails", emails));
  }
  if (resource_ids.length > 0) select = select.where(hasAny("resource_ids", resource_ids));
  const rows = await select.execute();
  const events = rows.slice(0, limit).map(toAuditEvent);
  return { events: isForward ? events.toReversed() : events, hasMore: rows.length > limit };
}

/** An id of another organization is as unknown as one that nobody has. */
async function sequenceOf(
  transaction: Transaction<Tables>,
  organizationId: string,
  param: "after" | "before",
  id: string,
): Promise<string> {
  const row = await transaction
    .selectFrom("audit_log")
    .select("sequence")
    .where("organization_id", "=", organizationId)
    .where("id", "=", storableText(id))
    .executeTakeFirst();
  if (row !== undefined) return row.sequence;
  throw new ApiError("invalid_value", `Invalid '${param}': there is no audit log event with the id '${id}'.`, {
    param,
  });
}

function hasAny(column: "actor_ids" | "actor_emails" | "resource_ids", texts: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} ?| array[${sql.join(texts.map(storableText))}]::text[]`;
}

function milliseconds(seconds: number): string {
  return String(seconds * 1000);
}
