import type { Migration } from "./migration.ts";

/** Chat completions that were made with `store: true`. */
export const chatCompletions: Migration = {
  name: "013-chat-completions",
  statements: [
    // A pair of metadata is the JSON text of its key and value: jsonb refuses \u0000, which callers may send.
    `create table chat_completions (
      id text primary key check (id <> ''),
      organization_id text not null,
      project_id text not null,
      created_at timestamptz not null default now(),
      model text not null,
      metadata_pairs text[] not null,
      body text not null,
      messages text not null
    )`,
    "create index chat_completions_of_project on chat_completions (project_id, created_at, id)",
    "create index chat_completions_by_metadata on chat_completions using gin (metadata_pairs)",
    "alter table chat_completions enable row level security",
    "alter table chat_completions force row level security",
    `create policy platform_scope on chat_completions using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on chat_completions using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    "grant select, insert, update, delete on chat_completions to headrace_app",
  ],
};
