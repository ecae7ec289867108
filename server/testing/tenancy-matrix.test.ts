import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { type OperationId, operations } from "@headrace/contract/operations.ts";
import { sql } from "kysely";
import { inPlatform } from "../database/tenant.ts";
import { generateApiKey } from "../identity/api-key.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "./scripted-provider.ts";
import { startTestServer } from "./test-server.ts";

/**
 * No tenant sees another: for every operation of the contract, every kind of principal and every place where an id can
 * stand, an id of another organization and one of another project are answered byte for byte as an id that nobody has,
 * and nothing changes. An operation that has no line in `fixtures` does not compile.
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
afterAll(async () => {
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
  // The operator rules every organization: none is a stranger.
  listOrganizations: { ids: [] },
  createOrganization: { ids: [] },
  retrieveOrganization: { ids: [] },
  updateOrganization: { ids: [] },
  createProjectServiceAccountApiKey: { ids: ["project_id", "service_account_id"], body: () => ({ name: "spy" }) },
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
    await transaction.insertInto("organizations").values({ id: organizationId, name }).execute();
    return foundation.keys.add(transaction, { kind: "admin", key: adminKey, name, project: { organizationId } });
  });
  while ((await send(adminKey, "GET", "/v1/organization/projects")).status !== 200) await Bun.sleep(20);
  const { projectKey, ids } = await makeProject(adminKey, name);
  return { adminKey, projectKey, ids: { ...ids, key_id: keyId } };
}

async function makeProject(
  adminKey: string,
  name: string,
): Promise<{ projectKey: string; ids: Omit<Tenant["ids"], "key_id"> }> {
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
  const ids = {
    project_id: project.id,
    api_key_id: account.api_key.id,
    service_account_id: account.id,
    response_id: responseId,
    input_item_id: inputItemId,
    completion_id: completionId,
    message_id: `${completionId}-0`,
    conversation_id: conversationId,
    item_id: itemId,
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
    "another project": { ...sibling, adminKey: mine.adminKey, ids: { ...sibling.ids, key_id: mine.ids.key_id } },
  };
});

/** Everything that a tenant can own, as text: any change shows. */
async function snapshot(): Promise<string> {
  return inPlatform(server.foundation.database.db, async (transaction) => {
    const tables = [
      "organizations",
      "projects",
      "api_keys",
      "service_accounts",
      "responses",
      "idempotency_keys",
      "conversations",
      "conversation_items",
      "chat_completions",
    ];
    const texts: string[] = [];
    for (const table of tables) {
      const { rows } = await sql<{ text: string }>`
        select coalesce(string_agg(t::text, ' ' order by t::text), '') as text from ${sql.table(table)} t`.execute(
        transaction,
      );
      texts.push(`${table}: ${rows[0]?.text}`);
    }
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
  const response = await send(
    key,
    operation.method,
    asCursor ? `${path}?after=${id}` : path,
    fixture.body?.(idOf, place),
  );
  return { status: response.status, body: (await response.text()).replaceAll(id, "ID") };
}

const cells: [OperationId, IdName, "another organization" | "another project", boolean][] = [];
for (const id of Object.keys(operations) as OperationId[]) {
  const places: [IdName, boolean][] = fixtures[id].ids.map((name) => [name, false]);
  const cursor = cursorOf[id];
  if (cursor !== undefined) places.push([cursor, true]);
  for (const [name, asCursor] of places) {
    for (const stranger of ["another organization", "another project"] as const) {
      // An admin key rules all projects of its organization: its own objects are no strangers.
      const isManagement = operations[id].scope.startsWith("api.management");
      if (isManagement && stranger === "another project" && (name === "project_id" || name === "key_id")) continue;
      if (isManagement && stranger === "another project" && asCursor) continue;
      cells.push([id, name, stranger, asCursor]);
    }
  }
}

describe("an id of somebody else", () => {
  test("every place of an id in a path has a cell", () => {
    const ofTenants = Object.values(operations).filter(({ scope }) => scope !== "headrace.operate");
    const inPaths = ofTenants.flatMap((operation) =>
      [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => `${operation.id} ${match[1]}`),
    );
    const covered = new Set(cells.map(([id, name]) => `${id} ${name}`));
    expect(inPaths.filter((place) => !covered.has(place) && !place.endsWith(" model"))).toEqual([]);
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
      expect(await snapshot()).toBe(before);
    },
  );
});

function wrongKeys({ scope }: OperationDefinition): string[] {
  if (scope === "headrace.operate") return [own.projectKey, own.adminKey];
  if (scope.startsWith("api.management")) return [own.projectKey, server.keys.operator];
  return [own.adminKey, server.keys.operator];
}

describe("the wrong kind of key", () => {
  test.each(Object.keys(operations) as OperationId[])(
    "%s takes one kind of key and refuses every other, unread",
    async (id) => {
      const operation: OperationDefinition = operations[id];
      const wrong = wrongKeys(operation);
      const before = await snapshot();
      for (const key of wrong) {
        const path = operation.path.replace(/\{(\w+)\}/g, (_, name: IdName) => own.ids[name] ?? "some-id");
        const response = await send(key, operation.method, path, operation.method === "POST" ? {} : undefined);
        expect(response.status).toBe(403);
        expect(await response.json()).toMatchObject({ error: { code: "missing_scope" } });
      }
      expect(await snapshot()).toBe(before);
    },
  );
});
