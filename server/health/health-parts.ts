import { statfs } from "node:fs/promises";
import type { LocalUpstream } from "../adapters/engine/engine-supervisor.ts";
import type { LocalModels } from "../adapters/model-directory/local-models.ts";
import { readSigningState } from "../audit/checkpoint-store.ts";
import type { AuditCheckpointer } from "../audit/checkpointer.ts";
import type { OpenDatabase } from "../database/connect.ts";
import type { RunningUsageJournal } from "../metering/open-usage-journal.ts";
import type { HealthParts } from "./installation-health.ts";

/** The change log is looked at several times a second; silent for longer than this, the database is away. */
const databaseSilentMsMax = 5_000;

export type HealthSources = {
  readonly phase: () => "starting" | "serving" | "stopping";
  readonly database: OpenDatabase;
  readonly databaseKind: "embedded" | "postgres";
  /** Milliseconds since the change log was last read. */
  readonly changeLogAgeMs: () => number;
  readonly journal: RunningUsageJournal;
  /** Where the journal lies. */
  readonly dataFolder: string;
  readonly engine: LocalUpstream;
  readonly models: LocalModels;
  readonly checkpointer: AuditCheckpointer;
};

/** What each part of the server tells of itself. */
export function healthParts(sources: HealthSources): HealthParts {
  const { phase, database, databaseKind, changeLogAgeMs, journal, engine, models, checkpointer } = sources;
  const isSilent = (): boolean => changeLogAgeMs() >= databaseSilentMsMax;
  return {
    server: {
      isNeeded: true,
      problem: () => (phase() === "serving" ? undefined : `it is ${phase()}`),
      facts: async () => ({}),
      unknown: () => ({}),
    },
    database: {
      isNeeded: true,
      problem: () => (isSilent() ? "it gives no answer" : undefined),
      async facts() {
        const askedAtMs = performance.now();
        await database.ping();
        const latencyMs = Math.round((performance.now() - askedAtMs) * 100) / 100;
        return { kind: databaseKind, latency_ms: latencyMs, statements: database.statementsSent() };
      },
      unknown: () => ({ kind: databaseKind, latency_ms: null, statements: database.statementsSent() }),
    },
    journal: {
      isNeeded: true,
      problem: () => journal.problem(),
      async facts() {
        const { bavail, bsize } = await statfs(sources.dataFolder);
        return { free_bytes: bavail * bsize, waiting_bytes: journal.waitingBytes() };
      },
      unknown: () => ({ free_bytes: null, waiting_bytes: journal.waitingBytes() }),
    },
    engine: {
      isNeeded: false,
      problem: () => models.missing()[0],
      facts: async () => ({
        loaded_models: [...((await engine.stats())?.loadedModels ?? [])],
        missing: models.missing(),
      }),
      unknown: () => ({ loaded_models: [], missing: models.missing() }),
    },
    change_log: {
      isNeeded: false,
      problem: () => (isSilent() ? "it could not be read lately" : undefined),
      facts: async () => ({ lag_ms: Math.round(changeLogAgeMs()) }),
      unknown: () => ({ lag_ms: Math.round(changeLogAgeMs()) }),
    },
    audit_checkpointer: {
      isNeeded: false,
      problem: () => checkpointer.problem(),
      async facts() {
        const { newestAtMs, unsignedEvents } = await readSigningState(database.db);
        return {
          last_checkpoint_at: newestAtMs === undefined ? null : Math.floor(newestAtMs / 1000),
          unsigned_events: unsignedEvents,
        };
      },
      unknown: () => ({ last_checkpoint_at: null, unsigned_events: null }),
    },
  };
}
