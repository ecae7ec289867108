import type { Migration } from "./migration.ts";

/** The application's role, organizations, projects and keys. */
export const identity: Migration = {
  name: "001-identity",
  statements: [
    // Roles belong to the whole server: another database's migration may create this one at the same moment.
    `do $$ begin
      create role headrace_app nologin;
    exception when duplicate_object or unique_violation then null;
    end $$`,
    `do $$ begin
      if not pg_has_role(current_user, 'headrace_app', 'member') then
        execute format('grant headrace_app to %I', current_user);
      end if;
    end $$`,
    "grant usage on schema public to headrace_app",

    `create table organizations (
      id text primary key check (id <> ''),
      name text not null,
      status text not null default 'active' check (status in ('active', 'suspended')),
      created_at timestamptz not null default now()
    )`,
    `create table projects (
      id text primary key check (id <> ''),
      organization_id text not null references organizations (id),
      name text not null,
      status text not null default 'active' check (status in ('active', 'archived')),
      created_at timestamptz not null default now(),
      archived_at timestamptz,
      unique (organization_id, id),
      check ((status = 'archived') = (archived_at is not null))
    )`,
    `create table api_keys (
      id text primary key check (id <> ''),
      kind text not null check (kind in ('project', 'service_account', 'admin', 'operator')),
      organization_id text references organizations (id),
      project_id text,
      name text not null,
      hash bytea not null unique check (octet_length(hash) = 32),
      redacted text not null,
      scopes text[],
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      expires_at timestamptz,
      revoked_at timestamptz,
      foreign key (organization_id, project_id) references projects (organization_id, id),
      check ((kind = 'operator') = (organization_id is null)),
      check ((kind in ('project', 'service_account')) = (project_id is not null))
    )`,
    "create index api_keys_of_project on api_keys (organization_id, project_id)",

    "alter table organizations enable row level security",
    "alter table organizations force row level security",
    "alter table projects enable row level security",
    "alter table projects force row level security",
    "alter table api_keys enable row level security",
    "alter table api_keys force row level security",

    // An unset setting is null, one set in an earlier transaction of the connection is ''; neither equals any id.
    // The sub-selects are evaluated once a statement, not once a row.
    `create policy platform_scope on organizations using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on organizations using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and id = (select current_setting('headrace.organization_id', true))
    )`,
    `create policy platform_scope on projects using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on projects using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', id)
    )`,
    `create policy platform_scope on api_keys using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on api_keys using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,

    "grant select, insert, update, delete on organizations, projects, api_keys to headrace_app",
  ],
};
