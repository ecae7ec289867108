import type { Health } from "@headrace/contract/headrace/health.ts";
import type { UpdateOrganizationBody } from "@headrace/contract/headrace/organizations.ts";
import type { AuditVerification } from "../audit/audit-command.ts";
import type { KeySummary } from "../identity/key-service.ts";

export type ModelState = {
  readonly id: string;
  readonly kind: string;
  readonly licence: string;
  readonly downloadBytes: number | undefined;
  /** Why it can't be used, or that it can. */
  readonly state: string;
};

export type PullProgress = {
  readonly model: string;
  readonly file: string;
  readonly source: string;
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
};

export type OrganizationSummary = {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "suspended";
  /** ISO 8601. */
  readonly createdAt: string;
};

/**
 * What the command line can do. While a server runs it does it, over its control socket; else the command opens the data
 * folder by itself.
 */
export interface ControlService {
  createKey(options: {
    readonly name: string;
    readonly projectId?: string | undefined;
    /** Whose key it will be, by id or e-mail address. */
    readonly user?: string | undefined;
  }): Promise<{ id: string; key: string }>;
  createOperatorKey(options: { readonly name: string }): Promise<{ id: string; key: string }>;
  listKeys(): Promise<KeySummary[]>;
  revokeKey(id: string): Promise<void>;
  createOrganization(options: { readonly name: string }): Promise<{
    readonly organization: OrganizationSummary;
    readonly adminKey: { readonly id: string; readonly value: string };
  }>;
  listOrganizations(): Promise<OrganizationSummary[]>;
  updateOrganization(change: { readonly id: string } & UpdateOrganizationBody): Promise<OrganizationSummary>;
  /** How the running server is. */
  health(): Promise<Health>;
  listModels(): Promise<ModelState[]>;
  pullModel(id: string, onProgress: (progress: PullProgress) => void): Promise<void>;
  removeModel(id: string): Promise<void>;
  /** Verifies the audit log of one organization or of all, against a file of checkpoints (an absolute path) or our own. */
  verifyAudit(options: {
    readonly organizationId: string | undefined;
    readonly checkpointsFile: string | undefined;
  }): Promise<AuditVerification>;
  /** Tells the signed checkpoints, as lines of JSON. */
  exportAuditCheckpoints(
    options: { readonly organizationId: string | undefined },
    onLines: (lines: readonly string[]) => void,
  ): Promise<void>;
}

/** A failure that the person at the command line is told as it is. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}
