import { verifyInstallationAuditLogs } from "@headrace/contract/headrace/audit-verification.ts";
import { installationChain } from "../../../audit/installation-log.ts";
import { toAuditVerification } from "../../../audit/verification-object.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { InstallationServices } from "../installation-services.ts";

export const verifyInstallationAuditLogsEndpoint = ({ auditVerifier }: InstallationServices) =>
  endpoint(verifyInstallationAuditLogs, async ({ context }) =>
    json(toAuditVerification(await auditVerifier.verify(installationChain, context.signal))),
  );
