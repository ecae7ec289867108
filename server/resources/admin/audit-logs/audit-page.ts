import type { AuditEvent } from "../../../audit/chain.ts";
import type { AuditEventPage } from "../../../audit/list-audit-events-store.ts";
import { pageObject } from "../../../http/list-page.ts";

/** Events of a chain as a page of objects. */
export function toAuditPage<Element extends { readonly id: string }>(
  { events, hasMore }: AuditEventPage,
  toObject: (event: AuditEvent) => Element,
) {
  return pageObject(events.map(toObject), hasMore);
}
