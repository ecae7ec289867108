import type { Migration } from "./migration.ts";

/**
 * The audit log of the installation itself: what operators do stands in a chain of its own, under an id that no
 * organization can have.
 */
export const installationAudit: Migration = {
  name: "011-installation-audit",
  statements: [
    "alter table organizations add constraint organizations_id_not_reserved check (id <> 'installation')",

    // Every other chain is still that of an organization that there is. Events and checkpoints follow a chain's end,
    // so they need no key of their own.
    "alter table audit_chains drop constraint audit_chains_organization_id_fkey",
    `alter table audit_chains add column owner_id text
      generated always as (nullif(organization_id, 'installation')) stored references organizations (id)`,
    "alter table audit_log drop constraint audit_log_organization_id_fkey",
    "alter table audit_checkpoints drop constraint audit_checkpoints_organization_id_fkey",
  ],
};
