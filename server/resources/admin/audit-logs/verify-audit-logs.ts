import { verifyAuditLogs } from "@headrace/contract/headrace/audit-verification.ts";
import type { AuditVerifier } from "../../../audit/audit-verifier.ts";
import { toAuditVerification } from "../../../audit/verification-object.ts";
import { endpoint, json } from "../../../http/endpoint.ts";

export const verifyAuditLogsEndpoint = ({ auditVerifier }: { readonly auditVerifier: AuditVerifier }) =>
  endpoint(verifyAuditLogs, async ({ principal, context }) =>
    json(toAuditVerification(await auditVerifier.verify(principal.organizationId, context.signal))),
  );
