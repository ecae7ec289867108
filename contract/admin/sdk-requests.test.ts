import { expect, test } from "bun:test";
import OpenAI from "openai";
import type { OperationDefinition } from "../common/operation.ts";
import { parseQuery, parseRequest } from "../common/validation.ts";
import { createPathMatcher } from "../coverage/path-matcher.ts";
import { adminOperations } from "./operations.ts";

const operations: readonly OperationDefinition[] = Object.values(adminOperations);
const match = createPathMatcher(operations);

type Understood = { readonly id: string; readonly query: unknown; readonly body: unknown };

/** What the contract makes of a request that the SDK wrote. */
async function understand(request: Request): Promise<Understood> {
  const { pathname, search } = new URL(request.url);
  const operation = match(pathname)?.get(request.method);
  if (operation === undefined) throw new Error(`no operation at ${request.method} ${pathname}`);
  const text = await request.text();
  expect(text === "").toBe(operation.body === undefined);
  return {
    id: operation.id,
    query: operation.query && parseQuery(operation.query, search),
    body: operation.body && parseRequest(operation.body, JSON.parse(text)),
  };
}

const emptyPage = { object: "list", data: [], first_id: null, last_id: null, has_more: false };

const seen: Understood[] = [];
const client = new OpenAI({
  adminAPIKey: "sk-admin-test",
  baseURL: "http://127.0.0.1/v1",
  maxRetries: 0,
  fetch: async (url, init) => {
    seen.push(await understand(new Request(url, init)));
    return Response.json(emptyPage);
  },
});

const { organization } = client.admin;
const { projects } = organization;
const inProject = { project_id: "proj_1" };
const invited = { email: "ada@example.com", role: "reader", projects: [{ id: "proj_1", role: "member" }] } as const;
const tools = { code_interpreter: { enabled: true }, mcp: null };
const filters = {
  effective_at: { gt: 1, lte: 1_800_000_000 },
  project_ids: ["proj_1", "proj_2"],
  event_types: ["project.created" as const],
  actor_ids: ["user_1"],
  actor_emails: ["ada+b@example.com"],
  resource_ids: ["key_1"],
  before: "audit_log_9",
};

/** A call for each operation: what the SDK is given, and what has to arrive in the query or the body. */
const calls: Record<keyof typeof adminOperations, readonly [call: () => PromiseLike<unknown>, arrives: object]> = {
  listAdminApiKeys: [
    () => organization.adminAPIKeys.list({ after: null, limit: 5, order: "desc" }),
    { limit: 5, order: "desc" },
  ],
  createAdminApiKey: [
    () => organization.adminAPIKeys.create({ name: "a", expires_in_seconds: 60 }),
    { name: "a", expires_in_seconds: 60 },
  ],
  retrieveAdminApiKey: [() => organization.adminAPIKeys.retrieve("key_1"), {}],
  deleteAdminApiKey: [() => organization.adminAPIKeys.delete("key_1"), {}],
  listProjects: [
    () => projects.list({ include_archived: true, after: "proj_1" }),
    { include_archived: true, after: "proj_1" },
  ],
  createProject: [() => projects.create({ name: "a", residency: "GLOBAL" }), { name: "a", residency: "GLOBAL" }],
  retrieveProject: [() => projects.retrieve("proj_1"), {}],
  updateProject: [() => projects.update("proj_1", { name: null }), { name: null }],
  archiveProject: [() => projects.archive("proj_1"), {}],
  listProjectApiKeys: [
    () => projects.apiKeys.list("proj_1", { owner_project_access: "any" }),
    { owner_project_access: "any" },
  ],
  retrieveProjectApiKey: [() => projects.apiKeys.retrieve("key_1", inProject), {}],
  updateProjectApiKey: [
    () => projects.apiKeys.update("key_1", { ...inProject, scopes: ["api.all.read"] }),
    { scopes: ["api.all.read"] },
  ],
  deleteProjectApiKey: [() => projects.apiKeys.delete("key_1", inProject), {}],
  listProjectServiceAccounts: [() => projects.serviceAccounts.list("proj_1", { limit: 1 }), { limit: 1 }],
  createProjectServiceAccount: [
    () => projects.serviceAccounts.create("proj_1", { name: "a", create_service_account_only: true }),
    { name: "a", create_service_account_only: true },
  ],
  retrieveProjectServiceAccount: [() => projects.serviceAccounts.retrieve("svc_1", inProject), {}],
  updateProjectServiceAccount: [
    () => projects.serviceAccounts.update("svc_1", { ...inProject, role: "owner" }),
    { role: "owner" },
  ],
  deleteProjectServiceAccount: [() => projects.serviceAccounts.delete("svc_1", inProject), {}],
  createProjectServiceAccountApiKey: [
    () => projects.serviceAccounts.apiKeys.create("svc_1", { ...inProject, expires_in_seconds: null }),
    { expires_in_seconds: null },
  ],
  listOrganizationUsers: [
    () => organization.users.list({ emails: ["a@b.c", "d@e.f"] }),
    { emails: ["a@b.c", "d@e.f"] },
  ],
  retrieveOrganizationUser: [() => organization.users.retrieve("user_1"), {}],
  updateOrganizationUser: [() => organization.users.update("user_1", { role: "owner" }), { role: "owner" }],
  deleteOrganizationUser: [() => organization.users.delete("user_1"), {}],
  listProjectUsers: [() => projects.users.list("proj_1"), {}],
  createProjectUser: [
    () => projects.users.create("proj_1", { role: "member", user_id: "user_1" }),
    { role: "member", user_id: "user_1" },
  ],
  retrieveProjectUser: [() => projects.users.retrieve("user_1", inProject), {}],
  updateProjectUser: [() => projects.users.update("user_1", { ...inProject, role: "owner" }), { role: "owner" }],
  deleteProjectUser: [() => projects.users.delete("user_1", inProject), {}],
  listInvites: [() => organization.invites.list({ limit: 100 }), { limit: 100 }],
  createInvite: [() => organization.invites.create({ ...invited, projects: [...invited.projects] }), invited],
  retrieveInvite: [() => organization.invites.retrieve("invite_1"), {}],
  deleteInvite: [() => organization.invites.delete("invite_1"), {}],
  listProjectRateLimits: [() => projects.rateLimits.listRateLimits("proj_1", { before: "rl-a" }), { before: "rl-a" }],
  updateProjectRateLimit: [
    () => projects.rateLimits.updateRateLimit("rl-org/model:a", { ...inProject, max_requests_per_1_minute: 0 }),
    { max_requests_per_1_minute: 0 },
  ],
  retrieveProjectModelPermissions: [() => projects.modelPermissions.retrieve("proj_1"), {}],
  updateProjectModelPermissions: [
    () => projects.modelPermissions.update("proj_1", { mode: "deny_list", model_ids: ["m"] }),
    { mode: "deny_list", model_ids: ["m"] },
  ],
  deleteProjectModelPermissions: [() => projects.modelPermissions.delete("proj_1"), {}],
  retrieveProjectHostedToolPermissions: [() => projects.hostedToolPermissions.retrieve("proj_1"), {}],
  updateProjectHostedToolPermissions: [() => projects.hostedToolPermissions.update("proj_1", tools), tools],
  retrieveProjectServiceTierSettings: [() => projects.serviceTierSettings.retrieve("proj_1"), {}],
  updateProjectServiceTierSettings: [
    () => projects.serviceTierSettings.update("proj_1", { enabled_tiers: "all" }),
    { enabled_tiers: "all" },
  ],
  retrieveOrganizationDataRetention: [() => organization.dataRetention.retrieve(), {}],
  updateOrganizationDataRetention: [
    () => organization.dataRetention.update({ retention_type: "zero_data_retention" }),
    { retention_type: "zero_data_retention" },
  ],
  retrieveProjectDataRetention: [() => projects.dataRetention.retrieve("proj_1"), {}],
  updateProjectDataRetention: [
    () => projects.dataRetention.update("proj_1", { retention_type: "none" }),
    { retention_type: "none" },
  ],
  listAuditLogs: [() => organization.auditLogs.list(filters), filters],
};

test.each(Object.entries(calls))("%s takes what the official SDK sends", async (id, [call, arrives]) => {
  seen.length = 0;
  await call();
  const [understood] = seen;
  expect(understood?.id).toBe(id);
  expect(understood?.query ?? understood?.body ?? {}).toEqual(arrives);
});
