import type { Migration } from "./migration.ts";

/** The folded usage journal, a partition a day. No foreign keys: these tables may move to a database of their own. */
export const usageEvents: Migration = {
  name: "003-usage-events",
  statements: [
    `create table usage_events (
      day date not null,
      request_id text not null,
      attempt integer not null,
      meter text not null,
      quantity bigint not null,
      organization_id text not null,
      project_id text not null,
      key_id text not null,
      operation text not null,
      model text not null,
      upstream text not null,
      status text not null,
      estimated boolean not null,
      started_at timestamptz not null,
      latency_ms integer not null,
      time_to_first_token_ms integer,
      primary key (day, request_id, attempt, meter)
    ) partition by range (day)`,
    "create index usage_events_of_project on usage_events (organization_id, project_id, day)",

    "alter table usage_events enable row level security",
    "alter table usage_events force row level security",
    `create policy platform_scope on usage_events using
      ((select current_setting('headrace.scope', true)) = 'platform')`,
    `create policy tenant_scope on usage_events using (
      (select current_setting('headrace.scope', true)) = 'tenant'
      and organization_id = (select current_setting('headrace.organization_id', true))
      and (select current_setting('headrace.project_id', true)) in ('', project_id)
    )`,
    "grant select, insert, update, delete on usage_events to headrace_app",

    // Made beside the parent and then attached: that lets reads and writes of the other days go on. The lock, which
    // attaching takes anyway, lets one caller in at a time, and shows it what the one before has made. The partition has
    // row-level security without a policy and no grant, so that it can only be reached through the parent.
    `create function headrace_ensure_usage_partition(day date) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      partition text := 'usage_events_' || to_char(day, 'YYYYMMDD');
    begin
      if day is null or day < date '2024-01-01' or day > current_date + 7 then
        raise exception 'no usage can have happened on %', day using errcode = 'datetime_field_overflow';
      end if;
      if to_regclass('public.' || partition) is not null then return; end if;
      lock table public.usage_events in share update exclusive mode;
      if to_regclass('public.' || partition) is not null then return; end if;
      execute format('create table public.%I (like public.usage_events including all)', partition);
      execute format('alter table public.%I enable row level security', partition);
      execute format('alter table public.%I force row level security', partition);
      execute format('alter table public.usage_events attach partition public.%I for values from (%L) to (%L)',
        partition, day, day + 1);
    end $$`,
    "revoke execute on function headrace_ensure_usage_partition(date) from public",
    "grant execute on function headrace_ensure_usage_partition(date) to headrace_app",
  ],
};
