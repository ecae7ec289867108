import type { AuditVerifier } from "../../audit/audit-verifier.ts";
import type { InstallationHealth } from "../../health/installation-health.ts";
import type { OperatorServices } from "../../operator/operator-services.ts";

export type InstallationServices = OperatorServices & {
  readonly auditVerifier: AuditVerifier;
  readonly health: InstallationHealth;
};
