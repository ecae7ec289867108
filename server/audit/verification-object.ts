import type { AuditVerification } from "@headrace/contract/headrace/audit-verification.ts";
import { installationChain } from "./installation-log.ts";
import type { AuditReport } from "./verify.ts";

/** A report as the API shows it. */
export function toAuditVerification(report: AuditReport): AuditVerification {
  return {
    object: "headrace.audit_verification",
    organization_id: report.organizationId === installationChain ? null : report.organizationId,
    status: report.ok ? "intact" : "tampered",
    events_checked: report.events,
    checkpoints_checked: report.checkpoints,
    signed_through: report.signedThrough,
    findings: [...report.findings],
    findings_total: report.findingsTotal,
  };
}
