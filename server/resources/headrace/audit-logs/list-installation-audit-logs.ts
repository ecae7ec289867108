import { listInstallationAuditLogs } from "@headrace/contract/headrace/installation-audit-logs.ts";
import { toInstallationAuditLogObject } from "../../../audit/audit-object.ts";
import { installationChain } from "../../../audit/installation-log.ts";
import { listAuditEvents } from "../../../audit/list-audit-events-store.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { toAuditPage } from "../../admin/index.ts";

export const listInstallationAuditLogsEndpoint = ({ db }: OperatorServices) =>
  endpoint(listInstallationAuditLogs, async ({ query }) => {
    const page = await inPlatform(db, (transaction) => listAuditEvents(transaction, installationChain, query));
    return json(toAuditPage(page, toInstallationAuditLogObject));
  });
