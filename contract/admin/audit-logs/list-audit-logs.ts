import { z } from "zod";
import { list } from "../../common/collections.ts";
import { integer } from "../../common/fields.ts";
import { operation } from "../../common/operation.ts";
import type { ServedRules } from "../../common/served.ts";
import { email, platformId } from "../fields.ts";
import { filterValuesMax, timestampMax } from "../limits.ts";
import { pageOf, twoWayPageQuery } from "../pagination.ts";
import { auditLog } from "./audit-log.ts";
import { auditEventType } from "./event-types.ts";

const unixSeconds = integer(0, timestampMax).optional();
const ids = list(platformId, { max: filterValuesMax }).optional();

export const listAuditLogsQuery = twoWayPageQuery.extend({
  effective_at: z.strictObject({ gt: unixSeconds, gte: unixSeconds, lt: unixSeconds, lte: unixSeconds }).optional(),
  project_ids: ids,
  event_types: list(auditEventType, { max: filterValuesMax }).optional(),
  /** Ids of users, service accounts and keys. */
  actor_ids: ids,
  actor_emails: list(email, { max: filterValuesMax }).optional(),
  resource_ids: ids,
  tenant_only: z.boolean().optional(),
});

export const auditLogList = pageOf(auditLog).meta({ id: "AuditLogList" });

export const listAuditLogs = operation({
  id: "listAuditLogs",
  method: "GET",
  path: "/v1/organization/audit_logs",
  tag: "Audit logs",
  summary: "Lists who did what in the organization, the latest first. Filters narrow it down together.",
  scope: "api.management.read",
  query: listAuditLogsQuery,
  response: auditLogList,
  errors: ["unsupported_parameter"],
});

export type ListAuditLogsQuery = z.output<typeof listAuditLogsQuery>;

/** Tenants above organizations are OpenAI's own. */
export const listAuditLogsServed: ServedRules<ListAuditLogsQuery> = {
  where: "",
  parameters: {
    after: "served",
    before: "served",
    limit: "served",
    effective_at: "served",
    project_ids: "served",
    event_types: "served",
    actor_ids: "served",
    actor_emails: "served",
    resource_ids: "served",
    tenant_only: { only: [false] },
  },
};
