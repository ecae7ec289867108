import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogFields, Logger, LogLevel } from "../../ports/logger.ts";
import type { UsageStart } from "../../ports/usage-journal.ts";
import { FileUsageJournal, type JournalOptions } from "../journal.ts";
import { newRequestId } from "../request-id.ts";

/** How many requests the crashing process starts with one write. */
export const startsAtOnceMax = 3;

export const silentLogger: Logger = { log: () => undefined };

/** A logger that remembers. */
export function rememberingLogger() {
  const lines: { level: LogLevel; message: string; fields: LogFields | undefined }[] = [];
  const logger: Logger = { log: (level, message, fields) => void lines.push({ level, message, fields }) };
  return { logger, lines };
}

/** A folder that is gone after `await using`. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "headrace-journal-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function usageStart(changes: Partial<UsageStart> = {}): UsageStart {
  return {
    requestId: newRequestId(),
    attempt: 1,
    organizationId: "org-1",
    projectId: "proj_1",
    keyId: "key_1",
    operation: "createChatCompletion",
    model: "smollm2",
    upstream: "local",
    startedAtMs: Date.now(),
    ...changes,
  };
}

export function openJournal(root: string, changes: Partial<JournalOptions> = {}): Promise<FileUsageJournal> {
  return FileUsageJournal.open({
    root,
    segmentBytesMax: 8 * 1024 * 1024,
    bytesMax: 1024 * 1024 * 1024,
    markTokens: 64,
    logger: silentLogger,
    ...changes,
  });
}
