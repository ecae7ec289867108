import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { type OperationId, operations } from "@headrace/contract/operations.ts";
import { sql } from "kysely";
import { inPlatform } from "../database/tenant.ts";
import { generateApiKey } from "../identity/api-key.ts";
import { insertOrganization } from "../identity/identity-store.ts";
import { addUser } from "./people.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "./scripted-provider.ts";
import { recordStatements } from "./statements.ts";
import { startTestServer } from "./test-server.ts";

/**
 * No tenant sees another: for every operation of the contract, every kind of principal and every place where an id can
 * stand, an id of another organization and one of another project are answered byte for byte as an id that nobody has,
 * by the very same statements, and nothing changes. An operation that has no line in `fixtures` does not compile.
 */

const provider = await startScriptedProvider();
provider.answer((_, response) => sendEvents(response, chatFrames(["hello"])));
const server = await startTestServer({
  yaml: `providers:
  - { name: chat, base_url: "${provider.baseUrl}", apis: [chat] }
  - { name: responses, base_url: "${provider.baseUrl}", apis: [responses] }
models:
  - { name: scripted, provider: chat }
  - { name: counting, provider: responses }
`,
});
const statements = recordStatements(server.foundation.database.db);
afterAll(async () => {
  statements[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** Objects of one tenant, by the name of the id's place. */
type Tenant = {
  readonly adminKey: string;
  readonly projectKey: string;
  readonly ids: {
    readonly project_id: string;
    readonly api_key_id: string;
    readonly service_account_id: string;
    readonly key_id: string;
    readonly response_id: string;
    readonly input_item_id: string;
    readonly completion_id: string;
    readonly message_id: string;
    readonly conversation_id: string;
    readonly item_id: string;
    readonly user_id: string;
    readonly invite_id: string;
    /** The same for every tenant, since a limit goes by its model, and models are the installation's. */
    readonly rate_limit_id: string;
  };
};

type IdName = keyof Tenant["ids"];

/**
 * Where ids stand in an operation: in its path, and in its body or query as this fixture says. `place` is the one that is
 * foreign now.
 */
type Fixture = {
  readonly body?: (id: (name: IdName) => string, place: IdName) => unknown;
  readonly ids: readonly IdName[];
};

const oneItem = { items: [{ type: "message", role: "user", content: "x" }] };

const fixtures: Record<OperationId, Fixture> = {
  listModels: { ids: [] },
  retrieveModel: { ids: [] },
  createChatCompletion: { ids: [] },
  listChatCompletions: { ids: [] },
  retrieveChatCompletion: { ids: ["completion_id"] },
  updateChatCompletion: { ids: ["completion_id"], body: () => ({ metadata: { owner: "taken over" } }) },
  deleteChatCompletion: { ids: ["completion_id"] },
  listChatCompletionMessages: { ids: ["completion_id"] },
  createEmbedding: { ids: [] },
  createCompletion: { ids: [] },
  createResponse: {
    ids: ["response_id", "conversation_id"],
    body: (id, place) => ({
      model: "scripted",
      input: "x",
      ...(place === "conversation_id"
        ? { conversation: { id: id("conversation_id") } }
        : { previous_response_id: id("response_id") }),
    }),
  },
  retrieveResponse: { ids: ["response_id"] },
  deleteResponse: { ids: ["response_id"] },
  listInputItems: { ids: ["response_id"] },
  countInputTokens: {
    ids: ["response_id", "conversation_id"],
    body: (id, place) => ({
      model: "counting",
      input: "x",
      ...(place === "conversation_id"
        ? { conversation: id("conversation_id") }
        : { previous_response_id: id("response_id") }),
    }),
  },
  createConversation: { ids: [] },
  retrieveConversation: { ids: ["conversation_id"] },
  updateConversation: { ids: ["conversation_id"], body: () => ({ metadata: { owner: "taken over" } }) },
  deleteConversation: { ids: ["conversation_id"] },
  createConversationItems: { ids: ["conversation_id"], body: () => oneItem },
  listConversationItems: { ids: ["conversation_id"] },
  retrieveConversationItem: { ids: ["conversation_id", "item_id"] },
  deleteConversationItem: { ids: ["conversation_id", "item_id"] },
  listAdminApiKeys: { ids: [] },
  createAdminApiKey: { ids: [] },
  retrieveAdminApiKey: { ids: ["key_id"] },
  deleteAdminApiKey: { ids: ["key_id"] },
  listProjects: { ids: [] },
  createProject: { ids: [] },
  retrieveProject: { ids: ["project_id"] },
  updateProject: { ids: ["project_id"], body: () => ({ name: "taken over" }) },
  archiveProject: { ids: ["project_id"] },
  listProjectApiKeys: { ids: ["project_id"] },
  retrieveProjectApiKey: { ids: ["project_id", "api_key_id"] },
  updateProjectApiKey: { ids: ["project_id", "api_key_id"], body: () => ({ expires_in_seconds: 1 }) },
  deleteProjectApiKey: { ids: ["project_id", "api_key_id"] },
  listProjectServiceAccounts: { ids: ["project_id"] },
  createProjectServiceAccount: { ids: ["project_id"], body: () => ({ name: "spy" }) },
  retrieveProjectServiceAccount: { ids: ["project_id", "service_account_id"] },
  updateProjectServiceAccount: { ids: ["project_id", "service_account_id"], body: () => ({ name: "taken over" }) },
  deleteProjectServiceAccount: { ids: ["project_id", "service_account_id"] },
  listAuditLogs: { ids: [] },
  listProjectRateLimits: { ids: ["project_id"] },
  updateProjectRateLimit: { ids: ["project_id"], body: () => ({ max_requests_per_1_minute: 0 }) },
  retrieveProjectModelPermissions: { ids: ["project_id"] },
  updateProjectModelPermissions: { ids: ["project_id"], body: () => ({ mode: "allow_list", model_ids: [] }) },
  deleteProjectModelPermissions: { ids: ["project_id"] },
  retrieveProjectHostedToolPermissions: { ids: ["project_id"] },
  updateProjectHostedToolPermissions: { ids: ["project_id"], body: () => ({ mcp: { enabled: false } }) },
  retrieveProjectServiceTierSettings: { ids: ["project_id"] },
  updateProjectServiceTierSettings: { ids: ["project_id"], body: () => ({ enabled_tiers: [] }) },
  retrieveOrganizationDataRetention: { ids: [] },
  updateOrganizationDataRetention: { ids: [] },
  retrieveProjectDataRetention: { ids: ["project_id"] },
  updateProjectDataRetention: { ids: ["project_id"], body: () => ({ retention_type: "zero_data_retention" }) },
  createProjectApiKey: { ids: ["project_id"], body: () => ({ name: "spy" }) },
  retrieveProjectApiKeyRestrictions: { ids: ["project_id", "api_key_id"] },
  restrictProjectApiKey: { ids: ["project_id", "api_key_id"], body: () => ({ models: ["scripted"] }) },
  rotateProjectApiKey: { ids: ["project_id", "api_key_id"], body: () => ({ grace_seconds: 0 }) },
  // The operator rules every organization: none is a stranger.
  listOrganizations: { ids: [] },
  createOrganization: { ids: [] },
  retrieveOrganization: { ids: [] },
  updateOrganization: { ids: [] },
  listOperatorApiKeys: { ids: [] },
  createOperatorApiKey: { ids: [] },
  retrieveOperatorApiKey: { ids: [] },
  deleteOperatorApiKey: { ids: [] },
  listInstallationAuditLogs: { ids: [] },
  verifyAuditLogs: { ids: [] },
  verifyOrganizationAuditLogs: { ids: [] },
  verifyInstallationAuditLogs: { ids: [] },
  retrieveHealth: { ids: [] },
  createProjectServiceAccountApiKey: { ids: ["project_id", "service_account_id"], body: () => ({ name: "spy" }) },

  listOrganizationUsers: { ids: [] },
  retrieveOrganizationUser: { ids: ["user_id"] },
  updateOrganizationUser: { ids: ["user_id"], body: () => ({ role: "reader" }) },
  deleteOrganizationUser: { ids: ["user_id"] },
  listProjectUsers: { ids: ["project_id"] },
  createProjectUser: {
    ids: ["project_id", "user_id"],
    body: (id) => ({ user_id: id("user_id"), role: "owner" }),
  },
  retrieveProjectUser: { ids: ["project_id", "user_id"] },
  updateProjectUser: { ids: ["project_id", "user_id"], body: () => ({ role: "owner" }) },
  deleteProjectUser: { ids: ["project_id", "user_id"] },
  listInvites: { ids: [] },
  createInvite: {
    ids: ["project_id"],
    body: (id) => ({ email: "spy@example.com", role: "owner", projects: [{ id: id("project_id"), role: "owner" }] }),
  },
  retrieveInvite: { ids: ["invite_id"] },
  deleteInvite: { ids: ["invite_id"] },
  // Anybody may ask; what it takes is a token, which is no id.
  acceptInvite: { ids: [] },
};

/** Lists take the id of one of their objects as a cursor. */
const cursorOf: Partial<Record<OperationId, IdName>> = {
  listAdminApiKeys: "key_id",
  listChatCompletions: "completion_id",
  listChatCompletionMessages: "message_id",
  listInputItems: "input_item_id",
  listConversationItems: "item_id",
  listProjects: "project_id",
  listProjectApiKeys: "api_key_id",
  listProjectServiceAccounts: "service_account_id",

  listOrganizationUsers: "user_id",
  listProjectUsers: "user_id",
  listInvites: "invite_id",
};

const send = (key: string, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function makeTenant(name: string): Promise<Tenant> {
  const { foundation } = server;
  const organizationId = `org-${name}`;
  const adminKey = generateApiKey("admin");
  const keyId = await inPlatform(foundation.database.db, async (transaction) => {
    await insertOrganization(transaction, organizationId, name);
    return foundation.keys.add(transaction, { kind: "admin", key: adminKey, name, project: { organizationId } });
  });
  while ((await send(adminKey, "GET", "/v1/organization/projects")).status !== 200) await Bun.sleep(20);
  const { projectKey, ids } = await makeProject(adminKey, name);
  const invited = await send(adminKey, "POST", "/v1/organization/invites", {
    email: `guest@${name}.example`,
    role: "reader",
    projects: [],
  });
  const { id: inviteId } = (await invited.json()) as { id: string };
  return { adminKey, projectKey, ids: { ...ids, key_id: keyId, invite_id: inviteId } };
}

async function makeProject(
  adminKey: string,
  name: string,
): Promise<{ projectKey: string; ids: Omit<Tenant["ids"], "key_id" | "invite_id"> }> {
  const project = (await (await send(adminKey, "POST", "/v1/organization/projects", { name })).json()) as {
    id: string;
  };
  const accounts = `/v1/organization/projects/${project.id}/service_accounts`;
  const account = (await (await send(adminKey, "POST", accounts, { name })).json()) as {
    id: string;
    api_key: { id: string; value: string };
  };
  const make = async (method: string, path: string, body?: unknown) =>
    (await (await send(account.api_key.value, method, path, body)).json()) as { id: string; first_id: string };
  const { id: responseId } = await make("POST", "/v1/responses", { model: "scripted", input: name });
  const { first_id: inputItemId } = await make("GET", `/v1/responses/${responseId}/input_items`);
  const question = { model: "scripted", messages: [{ role: "user", content: "x" }], store: true, stream: true };
  await (await send(account.api_key.value, "POST", "/v1/chat/completions", question)).text();
  const { first_id: completionId } = await make("GET", "/v1/chat/completions");
  const { id: conversationId } = await make("POST", "/v1/conversations", oneItem);
  const { first_id: itemId } = await make("GET", `/v1/conversations/${conversationId}/items`);
  const userId = await addUser(server, adminKey, {
    email: `user@${name}.example`,
    projects: [{ id: project.id, role: "member" }],
  });
  const ids = {
    project_id: project.id,
    user_id: userId,
    api_key_id: account.api_key.id,
    service_account_id: account.id,
    response_id: responseId,
    input_item_id: inputItemId,
    completion_id: completionId,
    message_id: `${completionId}-0`,
    conversation_id: conversationId,
    item_id: itemId,
    rate_limit_id: "rl-scripted",
  };
  return { projectKey: account.api_key.value, ids };
}

let own: Tenant;
let strangers: Record<"another organization" | "another project", Tenant>;
beforeAll(async () => {
  const mine = await makeTenant("mine");
  const other = await makeTenant("other");
  const sibling = await makeProject(mine.adminKey, "sibling");
  own = mine;
  strangers = {
    "another organization": other,
    "another project": { ...sibling, adminKey: mine.adminKey, ids: { ...mine.ids, ...sibling.ids } },
  };
});

/** What the server writes by itself: signed checkpoints of the audit log, and when a key was last used. */
const writtenUnasked = { tables: ["audit_checkpoints"], columns: ["checkpoint_sequence", "last_used_at"] };

/** Everything that is in the database, as text: any change shows. */
async function snapshot(): Promise<string> {
  await server.platform.foldUsage();
  return inPlatform(server.foundation.database.db, async (transaction) => {
    const { rows: tables } = await sql<{ name: string }>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not relispartition and has_table_privilege(oid, 'select') order by relname`.execute(transaction);
    const texts: string[] = [];
    for (const { name } of tables.filter((table) => !writtenUnasked.tables.includes(table.name))) {
      const row = sql`(to_jsonb(t) ${sql.raw(writtenUnasked.columns.map((column) => `- '${column}'`).join(" "))})::text`;
      const { rows } = await sql<{ text: string }>`
        select coalesce(string_agg(${row}, ' ' order by ${row}), '') as text from ${sql.table(name)} t`.execute(
        transaction,
      );
      texts.push(`${name}: ${rows[0]?.text}`);
    }
    expect(texts.length).toBeGreaterThan(8);
    return texts.join("\n");
  });
}

/** The answer to a request in which one id is `id`, with that id itself taken out. */
async function answerTo(
  operation: OperationDefinition,
  key: string,
  ids: Record<IdName, string>,
  place: IdName,
  id: string,
  asCursor: boolean,
) {
  const idOf = (name: IdName): string => (name === place && !asCursor ? id : ids[name]);
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: IdName) => idOf(name));
  const fixture = fixtures[operation.id as OperationId];
  statements.take();
  const response = await send(
    key,
    operation.method,
    asCursor ? `${path}?after=${id}` : path,
    fixture.body?.(idOf, place),
  );
  const body = (await response.text()).replaceAll(id, "ID");
  // The same statements: nothing that takes time could tell the two apart but the database's own look-ups.
  return { status: response.status, body, statements: statements.take() };
}

/** An admin key rules all projects of its organization: what belongs to the organization itself is no stranger. */
function isOfOrganization({ scope, path }: OperationDefinition, name: IdName, asCursor: boolean): boolean {
  if (!scope.startsWith("api.management")) return false;
  if (name === "user_id")
    return asCursor ? !path.includes("{project_id}") : !path.includes("{project_id}/users/{user_id}");
  return name === "project_id" || name === "key_id" || name === "invite_id";
}

const cells: [OperationId, IdName, "another organization" | "another project", boolean][] = [];
for (const id of Object.keys(operations) as OperationId[]) {
  const places: [IdName, boolean][] = fixtures[id].ids.map((name) => [name, false]);
  const cursor = cursorOf[id];
  if (cursor !== undefined) places.push([cursor, true]);
  for (const [name, asCursor] of places) {
    for (const stranger of ["another organization", "another project"] as const) {
      if (stranger === "another project" && isOfOrganization(operations[id], name, asCursor)) continue;
      cells.push([id, name, stranger, asCursor]);
    }
  }
}

describe("an id of somebody else", () => {
  test("every place of an id in a path has a cell", () => {
    const ofTenants = Object.values<OperationDefinition>(operations).filter(
      ({ scope }) => scope !== "headrace.operate",
    );
    const inPaths = ofTenants.flatMap((operation) =>
      [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => `${operation.id} ${match[1]}`),
    );
    const covered = new Set(cells.map(([id, name]) => `${id} ${name}`));
    expect(inPaths.filter((place) => !covered.has(place) && !/ (model|rate_limit_id)$/.test(place))).toEqual([]);
    expect(cells.length).toBeGreaterThan(30);
  });

  test.each(cells)(
    "%s with the %s of %s (as a cursor: %p) is answered as an unknown one, and changes nothing",
    async (id, name, stranger, asCursor) => {
      const operation: OperationDefinition = operations[id];
      const key = operation.scope.startsWith("api.management") ? own.adminKey : own.projectKey;
      const foreign = strangers[stranger].ids[name];
      const unknown = `${foreign.slice(0, -6)}zzzzzz`;
      const before = await snapshot();
      const answer = await answerTo(operation, key, own.ids, name, foreign, asCursor);
      expect(answer).toEqual(await answerTo(operation, key, own.ids, name, unknown, asCursor));
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.statements).not.toEqual([]);
      expect(await snapshot()).toBe(before);
    },
  );
});

/** Keys that were good once. */
let useless: { revoked: string; expired: string; ofArchivedProject: string; ofSuspendedOrganization: string };
beforeAll(async () => {
  const projects = "/v1/organization/projects";
  const archived = await makeProject(own.adminKey, "archived");
  await send(own.adminKey, "POST", `${projects}/${archived.ids.project_id}/archive`);
  const suspended = await makeTenant("suspended");
  await send(server.keys.operator, "POST", "/headrace/v1/organizations/org-suspended", { status: "suspended" });
  const keys = `/headrace${projects.replace("/organization", "")}/${own.ids.project_id}/api_keys`;
  const made = async (wish: object) =>
    (await (await send(own.adminKey, "POST", keys, { name: "dead", ...wish })).json()) as { id: string; value: string };
  const revoked = await made({});
  await send(own.adminKey, "DELETE", `${projects}/${own.ids.project_id}/api_keys/${revoked.id}`);
  const expired = await made({ expires_in_seconds: 1 });
  while ((await send(expired.value, "GET", "/v1/models")).status === 200) await Bun.sleep(50);
  useless = {
    revoked: revoked.value,
    expired: expired.value,
    ofArchivedProject: archived.projectKey,
    ofSuspendedOrganization: suspended.adminKey,
  };
});

function refusedKeys({ scope }: OperationDefinition): [key: string, status: number, code: string][] {
  const ofOtherKinds = scope.startsWith("api.management")
    ? [own.projectKey, server.keys.operator]
    : scope === "headrace.operate"
      ? [own.projectKey, own.adminKey]
      : [own.adminKey, server.keys.operator];
  return [
    ...ofOtherKinds.map((key): [string, number, string] => [key, 403, "missing_scope"]),
    [useless.revoked, 401, "invalid_api_key"],
    [useless.expired, 401, "invalid_api_key"],
    [useless.ofArchivedProject, 403, "project_archived"],
    [useless.ofSuspendedOrganization, 403, "organization_suspended"],
    [generateApiKey("admin"), 401, "invalid_api_key"],
  ];
}

/** What asks for a key at all. */
const withKey = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].scope !== "public");

describe("the wrong kind of key, and one that is good for nothing any more,", () => {
  test.each(withKey)("is refused by %s, unread", async (id) => {
    const operation: OperationDefinition = operations[id];
    const before = await snapshot();
    for (const [key, status, code] of refusedKeys(operation)) {
      const path = operation.path.replace(/\{(\w+)\}/g, (_, name: IdName) => own.ids[name] ?? "some-id");
      const response = await send(key, operation.method, path, operation.method === "POST" ? {} : undefined);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { code } });
    }
    expect(await snapshot()).toBe(before);
  });
});
