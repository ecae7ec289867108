import { verifyOrganizationAuditLogs } from "@headrace/contract/headrace/audit-verification.ts";
import { toAuditVerification } from "../../../audit/verification-object.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOrganization } from "../../../identity/identity-store.ts";
import type { InstallationServices } from "../installation-services.ts";

export const verifyOrganizationAuditLogsEndpoint = ({ db, auditVerifier }: InstallationServices) =>
  endpoint(verifyOrganizationAuditLogs, async ({ params, context }) => {
    const { id } = await inPlatform(db, (transaction) => requireOrganization(transaction, params.organization_id));
    return json(toAuditVerification(await auditVerifier.verify(id, context.signal)));
  });
