import { describe, expect, test } from "bun:test";
import type { z } from "zod";
import type { OperationDefinition } from "../common/operation.ts";
import { parseQuery } from "../common/validation.ts";
import { listAdminApiKeysQuery } from "./admin-api-keys.ts";
import { listAuditLogsQuery } from "./audit-logs/list-audit-logs.ts";
import { adminOperations } from "./operations.ts";
import { listOrganizationUsersQuery } from "./organization-users.ts";
import { listProjectApiKeysQuery } from "./project-api-keys.ts";
import { listProjectsQuery } from "./projects.ts";
import { accepted, refusal } from "./testing/refusal.ts";

const all: readonly OperationDefinition[] = Object.values(adminOperations);
const lists = all.flatMap(({ id, query }) => (query === undefined ? [] : [{ id, query }]));

describe("lists refuse page sizes out of bounds, odd cursors and parameters that nobody asked for", () => {
  test.each(lists)("$id", ({ query }) => {
    const given = (search: string) => refusal(() => parseQuery(query, search));
    for (const search of ["", "limit=1", "limit=100", "after=obj_1", "after="]) {
      expect(given(search)).toEqual(accepted);
    }
    expect(given("limit=-1")).toEqual(["integer_below_min_value", "limit"]);
    expect(given("limit=0")).toEqual(["integer_below_min_value", "limit"]);
    expect(given("limit=101")).toEqual(["integer_above_max_value", "limit"]);
    expect(given("limit=1000000000000")).toEqual(["integer_above_max_value", "limit"]);
    expect(given("limit=1e3")).toEqual(["invalid_type", "limit"]);
    expect(given("limit=1.5")).toEqual(["invalid_type", "limit"]);
    expect(given("limit=")).toEqual(["invalid_type", "limit"]);
    expect(given("limit=1&limit=2")).toEqual(["invalid_type", "limit"]);
    expect(given(`after=${"x".repeat(257)}`)).toEqual(["string_above_max_length", "after"]);
    expect(given("after=a%00b")).toEqual(["invalid_value", "after"]);
    expect(given("after[]=a")).toEqual(["invalid_type", "after"]);
    for (const key of ["organization_id", "project_id", "user_id", "page"]) {
      expect(given(`${key}=x`)).toEqual(["unknown_parameter", key]);
    }
  });

  test("order and before are taken only where OpenAI has them", () => {
    const takes = (search: string) =>
      lists.flatMap(({ id, query }) => (refusal(() => parseQuery(query, search)) === accepted ? [id] : []));
    expect(takes("order=desc")).toEqual(["listAdminApiKeys"]);
    expect(takes("before=x")).toEqual(["listAuditLogs", "listProjectRateLimits"]);
  });
});

type QueryRow = readonly [name: string, search: string, schema: z.ZodObject, code: string, param: string | null];
const manyPairs = (pair: string, count: number) => Array.from({ length: count }, () => pair).join("&");

const queries: readonly QueryRow[] = [
  ["an order that is none", "order=up", listAdminApiKeysQuery, "invalid_value", "order"],
  ["a number for a boolean", "include_archived=1", listProjectsQuery, "invalid_type", "include_archived"],
  ["another access", "owner_project_access=all", listProjectApiKeysQuery, "invalid_value", "owner_project_access"],
  ["a filter by no address", "emails[]=ada", listOrganizationUsersQuery, "invalid_value", "emails[0]"],
  [
    "a filter by too many addresses",
    manyPairs("emails[]=a@b.c", 201),
    listOrganizationUsersQuery,
    "array_above_max_length",
    "emails",
  ],
  ["a point in time for a range", "effective_at=1", listAuditLogsQuery, "invalid_type", "effective_at"],
  ["a time before 1970", "effective_at[gt]=-1", listAuditLogsQuery, "integer_below_min_value", "effective_at.gt"],
  [
    "a time in milliseconds",
    "effective_at[lte]=1000000000000",
    listAuditLogsQuery,
    "integer_above_max_value",
    "effective_at.lte",
  ],
  ["a date", "effective_at[lt]=2026-01-01", listAuditLogsQuery, "invalid_type", "effective_at.lt"],
  ["a comparison that is none", "effective_at[eq]=1", listAuditLogsQuery, "unknown_parameter", "effective_at.eq"],
  ["an event that is none", "event_types[]=project.exploded", listAuditLogsQuery, "invalid_value", "event_types[0]"],
  ["an empty address", "actor_emails[]=", listAuditLogsQuery, "empty_string", "actor_emails[0]"],
  ["a null character in a filter", "project_ids[]=a%00", listAuditLogsQuery, "invalid_value", "project_ids[0]"],
  [
    "a filter by too many ids",
    manyPairs("resource_ids[]=a", 201),
    listAuditLogsQuery,
    "array_above_max_length",
    "resource_ids",
  ],
];

test.each(queries)("%s is refused", (_, search, schema, code, param) => {
  expect(refusal(() => parseQuery(schema, search))).toEqual([code, param]);
});
