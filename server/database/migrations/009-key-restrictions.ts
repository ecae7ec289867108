import type { Migration } from "./migration.ts";

/** What a key may be narrowed to besides its scopes: models, and addresses that it may be used from. Null: no bound. */
export const keyRestrictions: Migration = {
  name: "009-key-restrictions",
  statements: [
    "alter table api_keys add column allowed_models text[] check (cardinality(allowed_models) > 0)",
    "alter table api_keys add column allowed_addresses text[] check (cardinality(allowed_addresses) > 0)",
    // The key that stands in for this one since it was rotated.
    "alter table api_keys add column replaced_by text references api_keys (id)",
  ],
};
