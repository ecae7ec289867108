import type { Migration } from "./migration.ts";

/** Conversations and their items. */
export const conversations: Migration = {
  name: "012-conversations",
  statements: [
    `create table conversations (
      id text primary key check (id <> ''),
      organization_id text not null,
      project_id text not null,
      created_at timestamptz not null default now(),
      metadata text not null,
      held_by text,
      held_until timestamptz,
      check ((held_by is null) = (held_until is null))
    )`,
    "create index conversations_of_project on conversations (project_id, created_at)",

    // An item of a response that was made in a conversation belongs to both, and is kept once. The row of one that
    // belongs to neither has no reader any more.
    `create table conversation_items (
      number bigint generated always as identity primary key,
      organization_id text not null,
      project_id text not null,
      conversation_id text,
      response_id text,
      is_output boolean not null,
      id text not null check (id <> ''),
      body text not null,
      check (conversation_id is not null or response_id is not null),
      unique (conversation_id, id)
    )`,
    `create index conversation_items_in_order on conversation_items (conversation_id, number)
      where conversation_id is not null`,
    `create index conversation_items_of_response on conversation_items (response_id, number)
      where response_id is not null`,
    "create index conversation_items_by_id on conversation_items (id)",
    "alter table responses add column conversation_id text",

    "alter table conversations enable row level security",
    "alter table conversations force row level security",
    "alter table conversation_items enable row level security",
    "alter table conversation_items force row level security",
    `create policy platform_scope on conversations using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on conversations using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on conversation_items using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on conversation_items using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    "grant select, insert, update, delete on conversations, conversation_items to headrace_app",
  ],
};
