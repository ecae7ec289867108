/** OpenAI's Admin API by the official Node SDK, unmodified: `client.admin.organization.*` as its users call it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, PermissionDeniedError } from "openai";
import { startServer } from "./serve.mjs";

let server;
let organization;
let project;
before(async () => {
  server = await startServer({ environment: { HEADRACE_MODELS: "none" } });
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: null, adminAPIKey: server.adminApiKey, maxRetries: 0 });
  organization = client.admin.organization;
  project = await organization.projects.create({ name: "Conformance" });
});
after(() => server?.stop());

const modelsAs = (apiKey) => new OpenAI({ baseURL: server.baseUrl, apiKey, maxRetries: 0 }).models.list();

async function collect(pages) {
  const all = [];
  for await (const each of pages) all.push(each);
  return all;
}

describe("projects and keys", () => {
  test("a service account's key works at once, is narrowed, and is refused when it is deleted", async () => {
    const { serviceAccounts, apiKeys } = organization.projects;
    const account = await serviceAccounts.create(project.id, { name: "robot" });
    assert.match(account.api_key.value, /^sk-svcacct-/);
    await modelsAs(account.api_key.value);
    const [key] = await collect(apiKeys.list(project.id, { limit: 1 }));
    assert.equal(key.id, account.api_key.id);
    assert.equal(key.owner.service_account.id, account.id);
    await apiKeys.update(key.id, { project_id: project.id, scopes: ["api.responses.read"] });
    await assert.rejects(modelsAs(account.api_key.value), PermissionDeniedError);
    await apiKeys.delete(key.id, { project_id: project.id });
    await assert.rejects(modelsAs(account.api_key.value), AuthenticationError);
    assert.equal((await serviceAccounts.delete(account.id, { project_id: project.id })).deleted, true);
  });

  test("the organization's last admin key stays, another one comes and goes", async () => {
    const made = await organization.adminAPIKeys.create({ name: "second" });
    const listed = await collect(organization.adminAPIKeys.list({ order: "desc" }));
    assert.equal(listed[0].id, made.id);
    assert.equal((await organization.adminAPIKeys.delete(made.id)).deleted, true);
    await assert.rejects(organization.adminAPIKeys.delete(listed[1].id), BadRequestError);
  });
});

describe("people", () => {
  test("an invited person becomes a user by the letter's link, joins a project, and leaves", async () => {
    const invite = await organization.invites.create({ email: "Ada@example.com", role: "reader", projects: [] });
    assert.equal(invite.status, "pending");
    await assert.rejects(organization.invites.create({ email: "ada@EXAMPLE.com", role: "owner" }), BadRequestError);
    const accepted = await fetch(`${server.url}/headrace/v1/invites/accept`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: await tokenOfLetter(), name: "Ada" }),
    });
    assert.equal(accepted.status, 200);
    assert.equal((await organization.invites.retrieve(invite.id)).status, "accepted");
    const [user] = await collect(organization.users.list({ emails: ["ada@example.com"] }));
    assert.deepEqual([user.email, user.role], ["Ada@example.com", "reader"]);
    const member = await organization.projects.users.create(project.id, { user_id: user.id, role: "member" });
    assert.deepEqual(await collect(organization.projects.users.list(project.id)), [member]);
    assert.equal((await organization.users.update(user.id, { role: "owner" })).role, "owner");
    await assert.rejects(organization.users.delete(user.id), BadRequestError);
    await organization.projects.users.delete(user.id, { project_id: project.id });
    assert.deepEqual(await collect(organization.projects.users.list(project.id)), []);
  });

  test("an invite that is withdrawn is gone, and nobody unknown joins a project", async () => {
    const invite = await organization.invites.create({ email: "grace@example.com", role: "reader" });
    assert.equal((await organization.invites.delete(invite.id)).deleted, true);
    await assert.rejects(organization.invites.retrieve(invite.id), NotFoundError);
    const unknown = { user_id: "user-none", role: "member" };
    await assert.rejects(organization.projects.users.create(project.id, unknown), NotFoundError);
  });
});

/** Letters lie in the data folder where no mail server is named. They are written after the answer. */
async function tokenOfLetter() {
  const folder = join(server.settings.HEADRACE_DATA, "mail");
  for (;;) {
    const [letter] = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".eml")) : [];
    if (letter !== undefined)
      return /\/invite#(\S+)/.exec(readFileSync(join(folder, letter), "utf8").replaceAll("=\r\n", ""))[1];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("settings", () => {
  test("model permissions, hosted tools, service tiers and data retention are kept and given back", async () => {
    const { modelPermissions, hostedToolPermissions, serviceTierSettings, dataRetention } = organization.projects;
    const permissions = { mode: "allow_list", model_ids: ["smollm2-135m-instruct"] };
    assert.deepEqual(await modelPermissions.update(project.id, permissions), {
      object: "project.model_permissions",
      ...permissions,
    });
    assert.equal((await modelPermissions.delete(project.id)).deleted, true);
    const tools = await hostedToolPermissions.update(project.id, { mcp: { enabled: false } });
    assert.deepEqual([tools.mcp.enabled, tools.web_search.enabled], [false, true]);
    assert.equal((await serviceTierSettings.update(project.id, { enabled_tiers: [] })).default, "standard");
    assert.equal(
      (await dataRetention.update(project.id, { retention_type: "zero_data_retention" })).type,
      "zero_data_retention",
    );
    assert.equal((await dataRetention.retrieve(project.id)).type, "zero_data_retention");
  });
});

describe("the audit log", () => {
  test("tells what was done above, newest first, by type", async () => {
    const { data } = await organization.auditLogs.list({ limit: 100 });
    const types = new Set(data.map((event) => event.type));
    for (const type of ["project.created", "api_key.deleted", "invite.sent", "project.updated"])
      assert.ok(types.has(type), type);
    const deleted = await organization.auditLogs.list({ event_types: ["invite.deleted"] });
    assert.deepEqual([...new Set(deleted.data.map((event) => event.type))], ["invite.deleted"]);
    assert.equal(deleted.data[0].actor.type, "api_key");
  });
});
