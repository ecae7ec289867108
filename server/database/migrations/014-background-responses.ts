import type { Migration } from "./migration.ts";

/** Background responses under way, and the log of streams that can be taken up again. */
export const backgroundResponses: Migration = {
  name: "014-background-responses",
  statements: [
    // Whether its stream was logged: tells a log that was dropped from one that never was.
    "alter table responses add column streamed boolean not null default false",

    // One row from the creation of a background response to its end. Who deletes it has ended the response: nobody else
    // can. Who runs it names the fence in every write; a taker raises it, and shuts the one before out.
    `create table background_responses (
      response_id text primary key check (response_id <> ''),
      organization_id text not null,
      project_id text not null,
      key_id text not null,
      request_id text not null,
      request text not null,
      holder text,
      fence integer not null default 1,
      attempt integer not null default 1,
      leased_until timestamptz not null,
      logged_through integer not null default -1,
      may_restart boolean not null default true,
      created_at timestamptz not null default now()
    )`,
    "create index background_responses_by_lease on background_responses (leased_until)",
    "create index background_responses_of_holder on background_responses (holder)",

    // The frames of a stream, compressed, in chunks without a gap between them.
    `create table response_log (
      response_id text not null check (response_id <> ''),
      first_sequence integer not null check (first_sequence >= 0),
      last_sequence integer not null check (last_sequence >= first_sequence),
      is_last boolean not null,
      organization_id text not null,
      project_id text not null,
      bytes bytea not null,
      created_at timestamptz not null default now(),
      primary key (response_id, first_sequence)
    )`,
    "alter table response_log alter column bytes set storage external",
    "create index response_log_by_time on response_log (created_at)",

    "alter table background_responses enable row level security",
    "alter table background_responses force row level security",
    "alter table response_log enable row level security",
    "alter table response_log force row level security",
    `create policy platform_scope on background_responses using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on background_responses using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on response_log using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on response_log using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    "grant select, insert, update, delete on background_responses, response_log to headrace_app",
  ],
};
