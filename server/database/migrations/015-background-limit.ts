import type { Migration } from "./migration.ts";

/** A project's background responses are counted each time that one is made. */
export const backgroundLimit: Migration = {
  name: "015-background-limit",
  statements: ["create index background_responses_of_project on background_responses (project_id)"],
};
