import { afterAll, expect, test } from "bun:test";
import { startSettingsServer } from "./testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { server, organization, asAdmin, makeProject, makeOrganization } = setup;

const changes: [string, string, string, object | undefined, string, (id: string) => object][] = [
  [
    "model permissions",
    "POST",
    "model_permissions",
    { mode: "deny_list", model_ids: ["alpha"] },
    "project.updated",
    (id) => ({ id, changes_requested: { model_permissions: { mode: "deny_list", model_ids: ["alpha"] } } }),
  ],
  [
    "model permissions that are deleted",
    "DELETE",
    "model_permissions",
    undefined,
    "project.updated",
    (id) => ({ id, changes_requested: { model_permissions: null } }),
  ],
  [
    "hosted tool permissions",
    "POST",
    "hosted_tool_permissions",
    { mcp: { enabled: false } },
    "project.updated",
    (id) => ({ id, changes_requested: { hosted_tool_permissions: { mcp: { enabled: false } } } }),
  ],
  [
    "service tier settings",
    "POST",
    "service_tier_settings",
    { enabled_tiers: [] },
    "project.updated",
    (id) => ({ id, changes_requested: { service_tier_settings: { enabled_tiers: [] } } }),
  ],
  [
    "data retention",
    "POST",
    "data_retention",
    { retention_type: "zero_data_retention" },
    "project.updated",
    (id) => ({ id, changes_requested: { data_retention: "zero_data_retention" } }),
  ],
  [
    "rate limits",
    "POST",
    "rate_limits/rl-alpha",
    { max_requests_per_1_minute: 5 },
    "rate_limit.updated",
    () => ({ id: "rl-alpha", changes_requested: { max_requests_per_1_minute: 5 } }),
  ],
];

test.each(changes)("a change of %s is in the audit log", async (_, method, path, body, type, payload) => {
  const { id } = await makeProject();
  const response = await asAdmin(method, `projects/${id}/${path}`, body);
  expect(response.status).toBe(200);
  const { data } = await organization.auditLogs.list({ project_ids: [id] });
  expect(data[0]).toMatchObject({
    type,
    project: { id, name: "Settings" },
    actor: {
      type: "api_key",
      api_key: { id: expect.stringMatching(/^key_/), ip_address: expect.any(String), user_agent: expect.any(String) },
    },
    [type]: payload(id),
  } as object);
});

test("a change of the organization's data retention is in its audit log, and of no project", async () => {
  const { id, adminKey } = await makeOrganization();
  await asAdmin("POST", "data_retention", { retention_type: "zero_data_retention" }, adminKey);
  const listed = await asAdmin("GET", "audit_logs?event_types[]=organization.updated", undefined, adminKey);
  const { data } = (await listed.json()) as { data: Record<string, unknown>[] };
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({
    "organization.updated": { id, changes_requested: { data_retention: "zero_data_retention" } },
  });
  expect(data[0]).not.toHaveProperty("project");
});

test("a change that was refused is not", async () => {
  const { id } = await makeProject();
  const latest = async () => (await organization.auditLogs.list({ project_ids: [id] })).data[0]?.id;
  const before = await latest();
  await asAdmin("POST", `projects/${id}/service_tier_settings`, { default: "fast", enabled_tiers: [] });
  await asAdmin("POST", `projects/${id}/rate_limits/rl-nobody`, {});
  expect(await latest()).toBe(before ?? "");
});

test("settings that change at the same time are all kept", async () => {
  const { id } = await makeProject();
  const all: [string, object][] = [
    ["model_permissions", { mode: "deny_list", model_ids: ["alpha"] }],
    ["hosted_tool_permissions", { mcp: { enabled: false } }],
    ["hosted_tool_permissions", { web_search: { enabled: false } }],
    ["service_tier_settings", { enabled_tiers: [] }],
    ["data_retention", { retention_type: "zero_data_retention" }],
  ];
  await Promise.all(all.map(([path, body]) => asAdmin("POST", `projects/${id}/${path}`, body)));
  const read = async (path: string) => (await asAdmin("GET", `projects/${id}/${path}`)).json();
  expect(await read("model_permissions")).toMatchObject({ model_ids: ["alpha"] });
  expect(await read("hosted_tool_permissions")).toMatchObject({
    mcp: { enabled: false },
    web_search: { enabled: false },
  });
  expect(await read("service_tier_settings")).toMatchObject({ enabled_tiers: [] });
  expect(await read("data_retention")).toMatchObject({ type: "zero_data_retention" });
  expect(server.log().filter(({ level }) => level === "error")).toEqual([]);
});
