import { z } from "zod";
import { timestamp } from "../../common/fields.ts";
import { type AuditEventType, auditEventType } from "./event-types.ts";
import { memberEventDetails } from "./member-details.ts";
import { settingEventDetails } from "./setting-details.ts";

/** What is told besides of an event: an event's details stand under its own type. Types that are not here have none. */
export const auditEventDetails = {
  ...memberEventDetails,
  ...settingEventDetails,
} satisfies Partial<Record<AuditEventType, z.ZodObject>>;

const user = z.object({ id: z.string().optional(), email: z.string().optional() }).optional();

/** Where a request came from. */
const origin = { ip_address: z.string().optional(), user_agent: z.string().optional() };

export const auditActor = z
  .object({
    type: z.enum(["session", "api_key"]).optional(),
    session: z.object({ user, ...origin }).optional(),
    api_key: z
      .object({
        id: z.string().optional(),
        type: z.enum(["user", "service_account"]).optional(),
        user,
        service_account: z.object({ id: z.string().optional() }).optional(),
        ...origin,
      })
      .optional(),
  })
  .meta({ id: "AuditActor" });

export const auditLog = z
  .object(auditEventDetails)
  .partial()
  .extend({
    id: z.string(),
    type: auditEventType,
    effective_at: timestamp,
    actor: auditActor.nullish(),
    /** Left out where the event is about the whole organization. */
    project: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
  })
  .meta({ id: "AuditLog" });

export type AuditActor = z.output<typeof auditActor>;
export type AuditLog = z.output<typeof auditLog>;
/** Types of events that have details of their own. */
export type DetailedAuditEventType = keyof typeof auditEventDetails;
