import { z } from "zod";
import { auditActor } from "../admin/audit-logs/audit-log.ts";
import { platformId } from "../admin/fields.ts";
import { filterValuesMax, timestampMax } from "../admin/limits.ts";
import { pageOf, twoWayPageQuery } from "../admin/pagination.ts";
import { list } from "../common/collections.ts";
import { integer, timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { organizationStatus } from "./organizations.ts";

/** What operators do, by the type of the event; the details stand under it, as in OpenAI's audit log. */
export const installationEventDetails = {
  "operator_api_key.created": z.object({ id: z.string(), name: z.string(), expires_at: timestamp.nullable() }),
  "operator_api_key.deleted": z.object({ id: z.string() }),
  "organization.created": z.object({ id: z.string(), name: z.string() }),
  "organization.updated": z.object({
    id: z.string(),
    changes_requested: z.object({ name: z.string().optional(), status: organizationStatus.optional() }),
  }),
};

export const installationEventType = z
  .enum(["operator_api_key.created", "operator_api_key.deleted", "organization.created", "organization.updated"])
  .meta({ id: "HeadraceAuditEventType" });

export const installationAuditLog = z
  .object(installationEventDetails)
  .partial()
  .extend({
    id: z.string(),
    type: installationEventType,
    effective_at: timestamp,
    /** Null: the command line or the first start, on the machine itself. */
    actor: auditActor.nullable(),
  })
  .meta({ id: "HeadraceAuditLog" });

const unixSeconds = integer(0, timestampMax).optional();
const ids = list(platformId, { max: filterValuesMax }).optional();

export const listInstallationAuditLogsQuery = twoWayPageQuery.extend({
  effective_at: z.strictObject({ gt: unixSeconds, gte: unixSeconds, lt: unixSeconds, lte: unixSeconds }).optional(),
  event_types: list(installationEventType, { max: filterValuesMax }).optional(),
  actor_ids: ids,
  /** Ids of organizations and operator keys. */
  resource_ids: ids,
});

export const installationAuditLogList = pageOf(installationAuditLog).meta({ id: "HeadraceAuditLogList" });

export const listInstallationAuditLogs = operation({
  id: "listInstallationAuditLogs",
  method: "GET",
  path: "/headrace/v1/audit_logs",
  tag: "Operator",
  summary: "Lists what operators did, the latest first: their keys, and the organizations. Filters narrow it down.",
  scope: "headrace.operate",
  query: listInstallationAuditLogsQuery,
  response: installationAuditLogList,
  errors: [],
});

export type InstallationEventType = z.output<typeof installationEventType>;
export type InstallationEventPayload<Type extends InstallationEventType> = z.output<
  (typeof installationEventDetails)[Type]
>;
export type InstallationAuditLog = z.output<typeof installationAuditLog>;
