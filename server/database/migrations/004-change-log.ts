import type { Migration } from "./migration.ts";

/** News for the other processes (change-log-store.ts). Topics and keys only, so it is no tenant table. */
export const changeLog: Migration = {
  name: "004-change-log",
  statements: [
    `create table change_log (
      sequence bigint generated always as identity,
      transaction_id xid8 not null default pg_current_xact_id(),
      topic text not null,
      key text not null,
      created_at timestamptz not null default now(),
      primary key (transaction_id, sequence)
    )`,
    "create index change_log_by_time on change_log (created_at)",
    "grant select, insert, delete on change_log to headrace_app",
  ],
};
