import { z } from "zod";
import { platformId } from "../admin/fields.ts";
import { operation } from "../common/operation.ts";

/** What was found at one place of the chain. */
export const auditFinding = z
  .object({
    kind: z.enum([
      // A field of the event, or its hash, is not what was written.
      "event_altered",
      // Events between two others are gone.
      "events_missing",
      // The event does not follow from the one before it: that one was rewritten, or the two were exchanged.
      "chain_broken",
      // The newest events are gone.
      "tail_cut",
      // The database's note of the chain's end is gone, or not what was written.
      "chain_end_altered",
      // The chain is another one than was signed: it was computed anew.
      "checkpoint_contradicted",
      // The signature is not ours.
      "checkpoint_forged",
      // A checkpoint is gone from the database.
      "checkpoint_missing",
      // A line of the file of checkpoints is none.
      "checkpoint_unreadable",
    ]),
    /** The event's number in the log, from 1; 0 where the finding is about no place. */
    sequence: z.number(),
    message: z.string(),
  })
  .meta({ id: "HeadraceAuditFinding" });

export const auditVerification = z
  .object({
    object: z.literal("headrace.audit_verification"),
    /** Null for the installation's own log. */
    organization_id: z.string().nullable(),
    status: z.enum(["intact", "tampered"]),
    events_checked: z.number(),
    /** Those of the database, and those that this server has in its own file. */
    checkpoints_checked: z.number(),
    /** Up to this event a signed checkpoint vouches for the log; later ones are only linked. */
    signed_through: z.number(),
    /** The first hundred. */
    findings: z.array(auditFinding),
    findings_total: z.number(),
  })
  .meta({ id: "HeadraceAuditVerification" });

export const verifyAuditLogs = operation({
  id: "verifyAuditLogs",
  method: "GET",
  path: "/headrace/v1/organization/audit_verification",
  tag: "Audit logs",
  summary: "Reads the organization's whole audit log and says whether anything in it was changed.",
  scope: "api.management.read",
  response: auditVerification,
  errors: ["rate_limit_exceeded", "server_is_overloaded"],
});

export const verifyOrganizationAuditLogs = operation({
  id: "verifyOrganizationAuditLogs",
  method: "GET",
  path: "/headrace/v1/organizations/{organization_id}/audit_verification",
  tag: "Operator",
  summary: "Reads an organization's whole audit log and says whether anything in it was changed.",
  scope: "headrace.operate",
  params: z.strictObject({ organization_id: platformId }),
  response: auditVerification,
  errors: ["not_found", "rate_limit_exceeded", "server_is_overloaded"],
});

export const verifyInstallationAuditLogs = operation({
  id: "verifyInstallationAuditLogs",
  method: "GET",
  path: "/headrace/v1/audit_verification",
  tag: "Operator",
  summary: "Reads the whole log of what operators did and says whether anything in it was changed.",
  scope: "headrace.operate",
  response: auditVerification,
  errors: ["rate_limit_exceeded", "server_is_overloaded"],
});

export type AuditFindingKind = z.output<typeof auditFinding>["kind"];
export type AuditVerification = z.output<typeof auditVerification>;
