import type { Migration } from "./migration.ts";

/** Facts about the whole installation that all its processes must agree on; no tenant's. */
export const installation: Migration = {
  name: "005-installation",
  statements: [
    "create table installation (name text primary key, value text not null)",
    "grant select, insert on installation to headrace_app",
  ],
};
