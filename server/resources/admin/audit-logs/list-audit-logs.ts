import { listAuditLogs, listAuditLogsServed } from "@headrace/contract/admin/audit-logs/list-audit-logs.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { toAuditLogObject } from "../../../audit/audit-object.ts";
import { listAuditEvents } from "../../../audit/list-audit-events-store.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { toAuditPage } from "./audit-page.ts";

export const listAuditLogsEndpoint = (services: AdminServices) =>
  endpoint(listAuditLogs, async ({ query, principal }) => {
    refuseUnserved(listAuditLogsServed, query);
    const page = await readOrganization(services, principal, (transaction) =>
      listAuditEvents(transaction, principal.organizationId, query),
    );
    return json(toAuditPage(page, toAuditLogObject));
  });
