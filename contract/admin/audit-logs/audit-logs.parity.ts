import type * as Sdk from "openai/resources/admin/organization/audit-logs";
import type { Exceptions, Same } from "../../common/parity.ts";
import type { Paths } from "../parity-paths.ts";
import type { AuditActor, AuditLog, DetailedAuditEventType } from "./audit-log.ts";
import type { AuditEventType } from "./event-types.ts";
import type { ListAuditLogsQuery } from "./list-audit-logs.ts";

type SdkType = Sdk.AuditLogListResponse["type"];

const empty = "The SDK says `unknown`, and that there are no fields.";

export const eventTypes = true satisfies Same<AuditEventType, SdkType>;
export const eventTypeFilter = true satisfies Same<
  AuditEventType,
  NonNullable<Sdk.AuditLogListParams["event_types"]>[number]
>;
export const detailedEventTypes = true satisfies Same<
  DetailedAuditEventType,
  Extract<keyof Sdk.AuditLogListResponse, SdkType>
>;

export const auditLogExceptions = {
  "login.succeeded": ["sdk_is_wider", empty],
  "logout.succeeded": ["sdk_is_wider", empty],
} satisfies Exceptions<AuditLog, Sdk.AuditLogListResponse>;

type ComparedApart = "actor" | "login.succeeded" | "logout.succeeded";
export const detailPaths = true satisfies Same<
  Paths<Omit<AuditLog, ComparedApart>>,
  Paths<Omit<Sdk.AuditLogListResponse, ComparedApart>>
>;

const address = "OpenAI tells the address for sessions only; a self-hosted log must tell it for keys as well.";
const agent = "On OpenAI's wire for sessions, not in the SDK's types.";

export const actorExceptions = {} satisfies Exceptions<
  Omit<AuditActor, "session" | "api_key">,
  Omit<Sdk.AuditLogListResponse.Actor, "session" | "api_key">
>;
export const sessionExceptions = {
  user_agent: ["only_ours", agent],
} satisfies Exceptions<NonNullable<AuditActor["session"]>, Sdk.AuditLogListResponse.Actor.Session>;
export const apiKeyExceptions = {
  ip_address: ["only_ours", address],
  user_agent: ["only_ours", address],
} satisfies Exceptions<NonNullable<AuditActor["api_key"]>, Sdk.AuditLogListResponse.Actor.APIKey>;

export const listAuditLogsQueryExceptions = {} satisfies Exceptions<ListAuditLogsQuery, Sdk.AuditLogListParams>;
