import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";

const healthStatus = z.enum(["ok", "degraded"]);

/** What every part says of itself. */
const part = { status: healthStatus, problem: z.string().nullable() };

export const health = z
  .object({
    object: z.literal("headrace.health"),
    status: healthStatus,
    version: z.string(),
    uptime_seconds: z.number(),
    parts: z.object({
      server: z.object(part),
      database: z.object({
        ...part,
        kind: z.enum(["embedded", "postgres"]),
        /** Of one statement, now; null where none was answered. */
        latency_ms: z.number().nullable(),
        /** Sent since this process started. */
        statements: z.number(),
      }),
      /** The usage journal and the disk that it lies on. */
      journal: z.object({ ...part, free_bytes: z.number().nullable(), waiting_bytes: z.number() }),
      engine: z.object({
        ...part,
        loaded_models: z.array(z.string()),
        /** A sentence for each model that should be here and is not. */
        missing: z.array(z.string()),
      }),
      /** How long ago this process last knew all changes of keys and settings. */
      change_log: z.object({ ...part, lag_ms: z.number() }),
      audit_checkpointer: z.object({
        ...part,
        last_checkpoint_at: timestamp.nullable(),
        unsigned_events: z.number().nullable(),
      }),
    }),
  })
  .meta({ id: "HeadraceHealth" });

export const retrieveHealth = operation({
  id: "retrieveHealth",
  method: "GET",
  path: "/headrace/v1/health",
  tag: "Operator",
  summary: "Says how the process that answers is, part by part. Anything that is amiss makes it degraded.",
  scope: "headrace.operate",
  response: health,
  errors: [],
});

export type Health = z.output<typeof health>;
