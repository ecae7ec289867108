import type { AuditEvent } from "../../../audit/chain.ts";
import type { AuditEventPage } from "../../../audit/list-audit-events-store.ts";

/** Events of a chain as a page of objects. */
export function toAuditPage<Element extends { readonly id: string }>(
  { events, hasMore }: AuditEventPage,
  toObject: (event: AuditEvent) => Element,
) {
  const data = events.map(toObject);
  return {
    object: "list" as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}
