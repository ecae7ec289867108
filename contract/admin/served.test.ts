import { describe, expect, test } from "bun:test";
import { refuseUnserved } from "../common/served.ts";
import { parseQuery, parseRequest } from "../common/validation.ts";
import { listAuditLogsQuery, listAuditLogsServed } from "./audit-logs/list-audit-logs.ts";
import { updateOrganizationUserBody, updateOrganizationUserServed } from "./organization-users.ts";
import { createProjectBody, createProjectServed, updateProjectBody, updateProjectServed } from "./projects.ts";
import { accepted, type Refusal, refusal } from "./testing/refusal.ts";

describe("what OpenAI documents and Headrace does not serve is refused by name", () => {
  const unserved = (param: string): Refusal => ["unsupported_parameter", param];
  test("of projects: external keys and regions, but not their null", () => {
    const create = (extra: object) =>
      refusal(() => refuseUnserved(createProjectServed, parseRequest(createProjectBody, { name: "a", ...extra })));
    const update = (extra: object) =>
      refusal(() => refuseUnserved(updateProjectServed, parseRequest(updateProjectBody, extra)));
    expect(create({ residency: "EU_STORAGE_PROCESSING" })).toEqual(unserved("residency"));
    expect(create({ geography: "EU" })).toEqual(unserved("geography"));
    expect(create({ external_key_id: "k" })).toEqual(unserved("external_key_id"));
    expect(create({ external_key_id: null, geography: null, residency: "GLOBAL" })).toEqual(accepted);
    expect(update({ name: "b", external_key_id: "k" })).toEqual(unserved("external_key_id"));
    expect(update({ name: "b", external_key_id: null })).toEqual(accepted);
  });
  test("of users: custom roles", () => {
    const update = (extra: object) =>
      refusal(() => refuseUnserved(updateOrganizationUserServed, parseRequest(updateOrganizationUserBody, extra)));
    expect(update({ role_id: "role_1" })).toEqual(unserved("role_id"));
    expect(update({ role: "owner", role_id: null, technical_level: "expert" })).toEqual(accepted);
  });
  test("of audit logs: OpenAI's tenants", () => {
    const query = (search: string) =>
      refusal(() => refuseUnserved(listAuditLogsServed, parseQuery(listAuditLogsQuery, search)));
    expect(query("tenant_only=true")).toEqual(unserved("tenant_only"));
    expect(query("tenant_only=false&limit=5")).toEqual(accepted);
  });
});
