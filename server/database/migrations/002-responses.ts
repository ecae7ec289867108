import type { Migration } from "./migration.ts";

/** Stored responses, and the answers kept for `Idempotency-Key`. */
export const responses: Migration = {
  name: "002-responses",
  statements: [
    // The JSON columns are text: never searched, read back byte for byte, and jsonb refuses \u0000, which models do write.
    `create table responses (
      id text primary key check (id <> ''),
      organization_id text not null,
      project_id text not null,
      created_at timestamptz not null default now(),
      status text not null,
      model text not null,
      previous_response_id text,
      body text not null,
      input_items text not null
    )`,
    "create index responses_of_project on responses (project_id, created_at)",

    `create table idempotency_keys (
      organization_id text not null,
      project_id text not null,
      operation text not null,
      key text not null,
      request_hash bytea not null,
      state text not null check (state in ('running', 'done')),
      status integer,
      headers jsonb,
      body bytea,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      primary key (project_id, operation, key),
      check (state = 'running' or (status is not null and headers is not null and body is not null))
    )`,
    "create index idempotency_keys_by_expiry on idempotency_keys (expires_at)",

    "alter table responses enable row level security",
    "alter table responses force row level security",
    "alter table idempotency_keys enable row level security",
    "alter table idempotency_keys force row level security",

    `create policy platform_scope on responses using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on responses using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    `create policy platform_scope on idempotency_keys using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on idempotency_keys using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,

    "grant select, insert, update, delete on responses, idempotency_keys to headrace_app",
  ],
};
