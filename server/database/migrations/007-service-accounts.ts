import type { Migration } from "./migration.ts";

/** Accounts of programs inside a project, and whose a key is. */
export const serviceAccounts: Migration = {
  name: "007-service-accounts",
  statements: [
    `create table service_accounts (
      id text primary key check (id <> ''),
      organization_id text not null,
      project_id text not null,
      name text not null,
      role text not null check (role in ('owner', 'member', 'none')),
      created_at timestamptz not null default now(),
      unique (organization_id, project_id, id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
    )`,
    "create index service_accounts_of_project on service_accounts (organization_id, project_id, created_at)",
    "alter table api_keys add column service_account_id text",
    `alter table api_keys add foreign key (organization_id, project_id, service_account_id)
      references service_accounts (organization_id, project_id, id) on delete set null (service_account_id)`,
    "create index api_keys_of_service_account on api_keys (service_account_id) where service_account_id is not null",
    "alter table service_accounts enable row level security",
    "alter table service_accounts force row level security",
    `create policy platform_scope on service_accounts using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on service_accounts using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    "grant select, insert, update, delete on service_accounts to headrace_app",
  ],
};
