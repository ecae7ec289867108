import { afterAll, describe, expect, test } from "bun:test";
import { errorOf, newOrganization, organizationOf } from "../../testing/admin-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());
const organizationAs = (adminApiKey: string) => organizationOf(server, adminApiKey);
const organization = organizationOf(server);

const works = async (key: string): Promise<number> =>
  (await server.get("/v1/models", { authorization: `Bearer ${key}` })).status;

describe("projects", () => {
  test("are created, retrieved, renamed and archived by the official SDK", async () => {
    const made = await organization.projects.create({ name: "Research" });
    expect(made).toMatchObject({
      object: "organization.project",
      name: "Research",
      status: "active",
      archived_at: null,
    });
    expect(await organization.projects.retrieve(made.id)).toEqual(made);
    expect((await organization.projects.update(made.id, { name: "Search" })).name).toBe("Search");
    const archived = await organization.projects.archive(made.id);
    expect(archived.status).toBe("archived");
    expect(archived.archived_at).toBeGreaterThan(1_700_000_000);
    expect(await errorOf(organization.projects.update(made.id, { name: "x" }))).toMatchObject({
      status: 403,
      code: "project_archived",
    });
    expect(await errorOf(organization.projects.archive(made.id))).toMatchObject({
      status: 403,
      code: "project_archived",
    });
  });

  test("are listed page by page, archived ones only when asked for", async () => {
    const names = ["p1", "p2", "p3", "p4", "p5"];
    for (const name of names) await organization.projects.create({ name });
    const listed: string[] = [];
    for await (const project of organization.projects.list({ limit: 2 })) listed.push(project.name ?? "");
    expect(listed).toEqual(["Default project", ...names]);
    const all: string[] = [];
    for await (const project of organization.projects.list({ limit: 2, include_archived: true }))
      all.push(project.name ?? "");
    expect(all).toContain("Search");
  });

  test("that are archived take their keys with them at once", async () => {
    const project = await organization.projects.create({ name: "Doomed" });
    const account = await organization.projects.serviceAccounts.create(project.id, { name: "robot" });
    const key = account.api_key?.value ?? "";
    expect(await works(key)).toBe(200);
    await organization.projects.archive(project.id);
    expect(await works(key)).toBe(403);
  });
});

describe("service accounts and their keys", () => {
  test("are made, limited, listed and deleted; a new key works at once and a deleted one no more", async () => {
    const project = await organization.projects.create({ name: "Robots" });
    const account = await organization.projects.serviceAccounts.create(project.id, { name: "robot" });
    expect(account.api_key?.value).toStartWith("sk-svcacct-");
    expect(await works(account.api_key?.value ?? "")).toBe(200);

    const listed = await organization.projects.apiKeys.list(project.id);
    expect(listed.data).toHaveLength(1);
    expect(listed.data[0]?.owner).toMatchObject({
      type: "service_account",
      service_account: { id: account.id, name: "robot" },
    });
    expect(JSON.stringify(listed.data)).not.toContain(account.api_key?.value ?? "none");

    const limited = await server.post(
      `/v1/organization/projects/${project.id}/service_accounts/${account.id}/api_keys`,
      { name: "reader", scopes: ["api.model.read"], expires_in_seconds: 3600 },
      { authorization: `Bearer ${server.keys.admin}` },
    );
    const key = (await limited.json()) as { id: string; value: string; expires_at: number };
    expect(key.expires_at).toBeGreaterThan(Date.now() / 1000 + 3000);
    expect(await works(key.value)).toBe(200);
    const refused = await server.post(
      "/v1/embeddings",
      { model: "m", input: "x" },
      { authorization: `Bearer ${key.value}` },
    );
    expect(refused.status).toBe(403);

    await organization.projects.apiKeys.delete(key.id, { project_id: project.id });
    expect(await works(key.value)).toBe(401);
    await organization.projects.serviceAccounts.delete(account.id, { project_id: project.id });
    expect(await works(account.api_key?.value ?? "")).toBe(401);
    expect((await organization.projects.apiKeys.list(project.id)).data).toEqual([]);
  });
});

describe("admin keys", () => {
  test("are made, used, listed newest first or last, and deleted", async () => {
    const made = await organization.adminAPIKeys.create({ name: "second" });
    const second = organizationAs(made.value);
    const order = async (direction: "asc" | "desc") =>
      (await second.adminAPIKeys.list({ order: direction })).data.map((key) => key.name);
    expect(await order("asc")).toEqual(["First admin key", "second"]);
    expect(await order("desc")).toEqual(["second", "First admin key"]);
    await organization.adminAPIKeys.delete(made.id);
    expect(await errorOf(second.adminAPIKeys.list())).toMatchObject({ status: 401 });
  });

  test("the last one can't be deleted, also not when two are deleted at once", async () => {
    // In an organization of its own: whichever of its keys is left, no other test needs it.
    const operator = { authorization: `Bearer ${server.keys.operator}` };
    const made = await server.post("/headrace/v1/organizations", { name: "Own" }, operator);
    const { admin_api_key: first } = (await made.json()) as { admin_api_key: { id: string; value: string } };
    const as = (key: string) => organizationAs(key).adminAPIKeys;
    const second = await as(first.value).create({ name: "second" });
    const outcomes = await Promise.allSettled([as(first.value).delete(second.id), as(second.value).delete(first.id)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("the last one can't be revoked on the command line either, also not while the other one is deleted", async () => {
    const { key: first, api } = await newOrganization(server, "Own");
    const firstId = (await api.adminAPIKeys.list()).data[0]?.id ?? "";
    await expect(server.foundation.keys.revoke(firstId)).rejects.toThrow("the organization's last admin key");
    const second = await api.adminAPIKeys.create({ name: "second" });
    const outcomes = await Promise.allSettled([
      server.foundation.keys.revoke(firstId),
      organizationAs(first).adminAPIKeys.delete(second.id),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("the audit log", () => {
  test("says who did what, newest first, with filters, and never a secret", async () => {
    const project = await organization.projects.create({ name: "Audited" });
    const account = await organization.projects.serviceAccounts.create(project.id, { name: "robot" });
    const { data } = await organization.auditLogs.list({ project_ids: [project.id] });
    expect(data.map((event) => event.type)).toEqual(["service_account.created", "project.created"]);
    expect(data[0]).toMatchObject({
      actor: { type: "api_key", api_key: { id: expect.stringMatching(/^key_/) } },
      project: { id: project.id, name: "Audited" },
      "service_account.created": { id: account.id, data: { role: "member" } },
    });
    expect(JSON.stringify(data)).not.toContain(account.api_key?.value ?? "none");
    const created = await organization.auditLogs.list({ event_types: ["project.created"], limit: 1 });
    expect(created.data[0]?.["project.created"]?.id).toBe(project.id);
    expect(created.has_more).toBe(true);
  });

  test("holds nothing of a change that was refused", async () => {
    const before = (await organization.auditLogs.list()).data[0]?.id;
    await errorOf(organization.projects.update("proj_0", { name: "x" }));
    expect((await organization.auditLogs.list()).data[0]?.id).toBe(before ?? "");
  });
});

describe("what is wrong is refused", () => {
  const headers = { authorization: `Bearer ${server.keys.admin}` };
  const bodies: [string, string, unknown, number, string, string | null][] = [
    [
      "an organization smuggled into the body",
      "/v1/organization/projects",
      { name: "x", organization_id: "org-2" },
      400,
      "unknown_parameter",
      "organization_id",
    ],
    [
      "a name of 10,000 characters",
      "/v1/organization/projects",
      { name: "x".repeat(10_000) },
      400,
      "string_above_max_length",
      "name",
    ],
    [
      "a name with a control character",
      "/v1/organization/projects",
      { name: "a\u0000b" },
      400,
      "invalid_value",
      "name",
    ],
    [
      "a name with a right-to-left mark",
      "/v1/organization/projects",
      { name: "a\u202eb" },
      400,
      "invalid_value",
      "name",
    ],
    [
      "residency elsewhere",
      "/v1/organization/projects",
      { name: "x", residency: "EU_STORAGE_PROCESSING" },
      400,
      "unsupported_parameter",
      "residency",
    ],
    ["an unknown project", "/v1/organization/projects/proj_0", { name: "x" }, 404, "not_found", "project_id"],
  ];
  test.each(bodies)("%s", async (_, path, body, status, code, param) => {
    const response = await server.post(path, body, headers);
    const { error } = (await response.json()) as { error: { code: string; param: string | null } };
    expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param });
  });

  test.each([
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["after=key_of_another_list", "invalid_value", "after"],
    ["colour=red", "unknown_parameter", "colour"],
  ])("the query %s", async (query, code, param) => {
    const response = await server.get(`/v1/organization/projects?${query}`, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param } });
  });

  test("a project's key, and an operator's", async () => {
    for (const key of [server.keys.project, server.keys.operator]) {
      const response = await server.get("/v1/organization/projects", { authorization: `Bearer ${key}` });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ error: { code: "missing_scope" } });
    }
  });

  test("an Admin API operation that is not served yet", async () => {
    expect((await server.get("/v1/organization/groups", headers)).status).toBe(501);
  });
});
