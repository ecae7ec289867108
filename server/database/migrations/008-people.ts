import type { Migration } from "./migration.ts";

/** People: who they are, which organizations and projects they belong to, who is invited, and whose a key is. */
export const people: Migration = {
  name: "008-people",
  statements: [
    // One person for each address of the whole installation, in whatever case it is written ("C", since a Turkish
    // database makes another letter of I). No tenant sees this table: an organization's members carry the address and the
    // name that they have there, so that nobody learns from a membership whether its person was here before.
    `create table users (
      id text primary key check (id <> ''),
      email_key text not null unique check (email_key = lower(email_key collate "C")),
      created_at timestamptz not null default now()
    )`,

    `create table organization_members (
      organization_id text not null references organizations (id),
      user_id text not null references users (id),
      email text not null,
      email_key text not null check (email_key = lower(email collate "C")),
      name text not null,
      role text not null check (role in ('owner', 'reader')),
      developer_persona text,
      technical_level text,
      created_at timestamptz not null default now(),
      primary key (organization_id, user_id),
      unique (organization_id, email_key)
    )`,
    "create index organization_members_by_time on organization_members (organization_id, created_at, user_id)",
    "create index organization_members_of_user on organization_members (user_id)",

    // Who leaves the organization leaves its projects.
    `create table project_members (
      organization_id text not null,
      project_id text not null,
      user_id text not null,
      role text not null check (role in ('owner', 'member')),
      created_at timestamptz not null default now(),
      primary key (project_id, user_id),
      foreign key (organization_id, project_id) references projects (organization_id, id),
      foreign key (organization_id, user_id) references organization_members (organization_id, user_id)
        on delete cascade
    )`,
    "create index project_members_by_time on project_members (project_id, created_at, user_id)",
    "create index project_members_of_user on project_members (organization_id, user_id)",

    // The token is known to whoever has the link, and to nobody else.
    `create table invites (
      id text primary key check (id <> ''),
      organization_id text not null references organizations (id),
      email text not null,
      email_key text not null check (email_key = lower(email collate "C")),
      role text not null check (role in ('owner', 'reader')),
      projects text not null,
      token_hash bytea not null unique check (octet_length(token_hash) = 32),
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      accepted_at timestamptz
    )`,
    "create index invites_by_time on invites (organization_id, created_at, id)",
    "create index invites_of_address on invites (organization_id, email_key)",

    "alter table api_keys add column user_id text",
    "alter table api_keys add check (user_id is null or kind = 'project')",
    `alter table api_keys add foreign key (organization_id, user_id)
      references organization_members (organization_id, user_id) on delete set null (user_id)`,
    "create index api_keys_of_user on api_keys (organization_id, user_id) where user_id is not null",

    "alter table users enable row level security",
    "alter table users force row level security",
    "alter table organization_members enable row level security",
    "alter table organization_members force row level security",
    "alter table project_members enable row level security",
    "alter table project_members force row level security",
    "alter table invites enable row level security",
    "alter table invites force row level security",

    `create policy platform_scope on users using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy platform_scope on organization_members using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    // Members and invites are the organization's: one of its projects by itself sees none.
    `create policy tenant_scope on organization_members using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) = ''
    )`,
    `create policy platform_scope on project_members using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on project_members using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on invites using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on invites using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) = ''
    )`,

    "grant select, insert on users to headrace_app",
    "grant select, insert, update, delete on organization_members, project_members, invites to headrace_app",
  ],
};
