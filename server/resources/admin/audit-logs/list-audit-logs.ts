import { listAuditLogs, listAuditLogsServed } from "@headrace/contract/admin/audit-logs/list-audit-logs.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { toAuditLogObject } from "../../../audit/audit-object.ts";
import { listAuditEvents } from "../../../audit/list-audit-events-store.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";

export const listAuditLogsEndpoint = (services: AdminServices) =>
  endpoint(listAuditLogs, async ({ query, principal }) => {
    refuseUnserved(listAuditLogsServed, query);
    const { events, hasMore } = await readOrganization(services, principal, (transaction) =>
      listAuditEvents(transaction, principal.organizationId, query),
    );
    const data = events.map(toAuditLogObject);
    return json({
      object: "list",
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: hasMore,
    });
  });
