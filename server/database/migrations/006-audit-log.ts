import type { Migration } from "./migration.ts";

/** Each organization's audit log: a chain of hashes that is only ever appended to, and signed checkpoints of it. */
export const auditLog: Migration = {
  name: "006-audit-log",
  statements: [
    // The end of each chain. Appending locks its row, so that an organization's events come one after the other.
    `create table audit_chains (
      organization_id text primary key references organizations (id),
      sequence bigint not null default 0,
      hash bytea not null default decode(repeat('00', 32), 'hex'),
      checkpoint_sequence bigint not null default 0
    )`,
    "create index audit_chains_unsigned on audit_chains (organization_id) where sequence > checkpoint_sequence",

    // What the hash covers has to be read back exactly: JSON as text, times as integers. The jsonb columns hold arrays of
    // strings, of which jsonb keeps everything.
    `create table audit_log (
      organization_id text not null references organizations (id),
      sequence bigint not null check (sequence > 0),
      encoding smallint not null,
      id text not null check (id <> ''),
      type text not null,
      effective_at_ms bigint not null,
      actor text not null,
      actor_ids jsonb not null,
      actor_emails jsonb not null,
      project_id text,
      project_name text,
      resource_ids jsonb not null,
      payload text not null,
      previous_hash bytea not null,
      hash bytea not null,
      primary key (organization_id, sequence),
      unique (organization_id, id)
    )`,
    "create index audit_log_by_type on audit_log (organization_id, type, sequence)",
    "create index audit_log_by_time on audit_log (organization_id, effective_at_ms)",

    `create table audit_checkpoints (
      organization_id text not null references organizations (id),
      sequence bigint not null check (sequence > 0),
      hash bytea not null,
      previous_sequence bigint not null,
      created_at_ms bigint not null,
      signature bytea not null,
      primary key (organization_id, sequence)
    )`,

    "alter table audit_chains enable row level security",
    "alter table audit_chains force row level security",
    "alter table audit_log enable row level security",
    "alter table audit_log force row level security",
    "alter table audit_checkpoints enable row level security",
    "alter table audit_checkpoints force row level security",

    `create policy platform_scope on audit_chains using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    // What is done in a project is part of its organization's chain.
    `create policy tenant_scope on audit_chains using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
    )`,
    `create policy platform_scope on audit_log using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on audit_log using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on audit_checkpoints using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on audit_checkpoints using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) = ''
    )`,

    "grant select, insert on audit_log, audit_checkpoints, audit_chains to headrace_app",
    "grant update (sequence, hash, checkpoint_sequence) on audit_chains to headrace_app",
  ],
};
