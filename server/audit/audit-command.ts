import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { IdentityError } from "../identity/key-service.ts";
import { databaseTrail } from "./audit-trail.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import { checkpointLine } from "./checkpoint-line.ts";
import { findAuditedOrganizations } from "./checkpoint-store.ts";
import { type AuditSigningKey, publicKeyText } from "./signing-key.ts";
import { type AuditReport, verifyAuditLog } from "./verify.ts";

/** What the commands, and the checkpointer, work on. */
export type AuditCommandParts = {
  readonly db: Kysely<Tables>;
  readonly signingKey: AuditSigningKey;
  /** The process's own file of checkpoints. */
  readonly checkpointsPath: string;
};

export type AuditVerification = { readonly publicKey: string; readonly reports: readonly AuditReport[] };

/**
 * `audit verify`: one organization's log, or every one's, against the database's checkpoints and those of a file: one that
 * was carried outside, or else the process's own.
 */
export async function verifyCommand(
  { db, signingKey, checkpointsPath }: AuditCommandParts,
  options: { readonly organizationId: string | undefined; readonly checkpointsFile: string | undefined },
): Promise<AuditVerification> {
  const { publicKey } = signingKey;
  const file = new CheckpointFile(options.checkpointsFile ?? checkpointsPath);
  const organizations = await organizationsToVerify(db, file, options.organizationId);
  const reports: AuditReport[] = [];
  for (const id of organizations) {
    reports.push(await verifyAuditLog(db, id, { publicKey, checkpoints: file.read() }));
  }
  return { publicKey: publicKeyText(publicKey), reports };
}

/** `audit checkpoints`: the database's checkpoints as lines of JSON, to be kept elsewhere. */
export async function checkpointsCommand(
  { db }: AuditCommandParts,
  options: { readonly organizationId: string | undefined; readonly onLines: (lines: readonly string[]) => void },
): Promise<void> {
  const { organizationId, onLines } = options;
  for (const id of organizationId === undefined ? await findAuditedOrganizations(db) : [organizationId]) {
    const trail = databaseTrail(db, id);
    for (let sequence = 0; ; ) {
      const checkpoints = await trail.checkpointsAfter(sequence, checkpointsPerRead);
      if (checkpoints.length === 0) break;
      onLines(checkpoints.map(checkpointLine));
      sequence = checkpoints.at(-1)?.sequence ?? sequence;
    }
  }
}

const checkpointsPerRead = 500;

/** Those that only a file remembers too: a whole log can be deleted. */
async function organizationsToVerify(
  db: Kysely<Tables>,
  file: CheckpointFile,
  only: string | undefined,
): Promise<readonly string[]> {
  const known = new Set(await findAuditedOrganizations(db));
  for await (const line of file.read()) if (!("unreadableLine" in line)) known.add(line.organizationId);
  if (only === undefined) return [...known];
  if (!known.has(only)) throw new IdentityError(`There is no organization '${only}'.`);
  return [only];
}

/** A report for a person: one line, and one for each finding that it names. */
export function describeReport(report: AuditReport): string {
  const { organizationId, ok, events, signedThrough, findings, findingsTotal } = report;
  const head = `${organizationId}  ${ok ? "intact" : "CHANGED"}  ${events} events, signed through ${signedThrough}`;
  const lines = findings.map(({ kind, message }) => `  ${kind}: ${message}`);
  const rest = findingsTotal > findings.length ? [`  and ${findingsTotal - findings.length} more`] : [];
  return [head, ...lines, ...rest].join("\n");
}
