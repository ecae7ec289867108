import { ApiError } from "@headrace/contract/common/errors.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import type { AuditCommandParts } from "./audit-command.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import { type AuditReport, verifyAuditLog } from "./verify.ts";

/** Verifications at once in a process: each reads a whole log, and the database has other work. */
const runningMax = 2;
const retryAfterSeconds = 5;

/** Verifies audit logs for who asks over HTTP: few at a time, and only while somebody waits for it. */
export class AuditVerifier {
  readonly #parts: AuditCommandParts;
  readonly #running = new Set<string>();

  constructor(parts: AuditCommandParts) {
    this.#parts = parts;
  }

  /**
   * Verifies one log against the database's checkpoints and those of this process's own file.
   * @throws ApiError `rate_limit_exceeded` while the same log is being verified, `server_is_overloaded` while others are;
   * the signal's reason after an abort
   */
  async verify(organizationId: string, signal: CancelSignal): Promise<AuditReport> {
    if (this.#running.has(organizationId)) {
      throw new ApiError("rate_limit_exceeded", "This audit log is being verified already. Wait for that, or retry.", {
        retryAfterSeconds,
      });
    }
    if (this.#running.size >= runningMax) {
      throw new ApiError("server_is_overloaded", "Other audit logs are being verified. Try again soon.", {
        retryAfterSeconds,
      });
    }
    this.#running.add(organizationId);
    try {
      const { db, signingKey, checkpointsPath } = this.#parts;
      const checkpoints = new CheckpointFile(checkpointsPath).read();
      return await verifyAuditLog(db, organizationId, { publicKey: signingKey.publicKey, checkpoints, signal });
    } finally {
      this.#running.delete(organizationId);
    }
  }
}
