import { afterAll, expect, test } from "bun:test";
import { inPlatform } from "../../database/tenant.ts";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const path = "/headrace/v1/audit_logs";
const operator = { authorization: `Bearer ${server.keys.operator}` };

type Event = { id: string; type: string; actor: { api_key: { id: string; user_agent: string } } | null };
type Page = { data: Event[]; has_more: boolean; last_id: string };

const list = async (query = ""): Promise<Page> => (await server.get(path + query, operator)).json() as Promise<Page>;

test("what operators do is listed, the latest first, by whom and from where", async () => {
  const headers = { ...operator, "user-agent": "test-agent/1" };
  const organization = (await (
    await server.post("/headrace/v1/organizations", { name: "Tenant" }, headers)
  ).json()) as { id: string };
  const at = `/headrace/v1/organizations/${organization.id}`;
  await server.post(at, { name: "Renamed", status: "suspended" }, headers);
  const key = (await (await server.post("/headrace/v1/operator_api_keys", { name: "k" }, headers)).json()) as {
    id: string;
  };
  await fetch(`${server.url}/headrace/v1/operator_api_keys/${key.id}`, { method: "DELETE", headers });
  const { data } = await list();
  expect(data).toMatchObject([
    { type: "operator_api_key.deleted", "operator_api_key.deleted": { id: key.id } },
    { type: "operator_api_key.created", "operator_api_key.created": { id: key.id, name: "k", expires_at: null } },
    {
      type: "organization.updated",
      "organization.updated": {
        id: organization.id,
        changes_requested: { name: "Renamed", status: "suspended" },
      },
    },
    { type: "organization.created", "organization.created": { id: organization.id, name: "Tenant" } },
    { type: "operator_api_key.created", actor: null },
    { type: "organization.created", actor: null },
  ]);
  for (const { actor } of data.slice(0, 4)) expect(actor?.api_key.user_agent).toBe("test-agent/1");
  expect((await list(`?resource_ids[]=${organization.id}&event_types[]=organization.updated`)).data).toHaveLength(1);
  const first = await list("?limit=2");
  expect(first.has_more).toBe(true);
  expect((await list(`?after=${first.last_id}`)).data).toEqual(data.slice(2));
});

test("an update that changes nothing is no event", async () => {
  const made = (await (await server.post("/headrace/v1/organizations", { name: "Same" }, operator)).json()) as {
    id: string;
  };
  const before = await list();
  for (const body of [{}, { name: "Same" }, { status: "active" }]) {
    const response = await server.post(`/headrace/v1/organizations/${made.id}`, body, operator);
    expect(await response.json()).toMatchObject({ name: "Same", status: "active" });
  }
  expect(await list()).toEqual(before);
});

test("no organization can take the installation's place in the audit log", async () => {
  const { db } = server.foundation.database;
  const insert = inPlatform(db, (transaction) =>
    transaction.insertInto("organizations").values({ id: "installation", name: "x" }).execute(),
  );
  await expect(insert).rejects.toThrow("organizations_id_not_reserved");
  const chain = inPlatform(db, (transaction) =>
    transaction.insertInto("audit_chains").values({ organization_id: "org-nobody" }).execute(),
  );
  await expect(chain).rejects.toThrow("foreign key");
});

test.each([
  ["a type of event that there is not", "?event_types[]=project.created", "invalid_value", "event_types[0]"],
  ["a limit of -1", "?limit=-1", "integer_below_min_value", "limit"],
  ["a limit of 10^12", "?limit=1000000000000", "integer_above_max_value", "limit"],
  ["a cursor that nobody has", "?after=audit_log-none", "invalid_value", "after"],
])("%s is refused", async (_, query, code, param) => {
  const response = await server.get(path + query, operator);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code, param } });
});

test("an event of an organization's log is no cursor here", async () => {
  await server.post("/headrace/v1/organizations", { name: "Other" }, operator);
  const row = await inPlatform(server.foundation.database.db, (transaction) =>
    transaction
      .selectFrom("audit_log")
      .select("id")
      .where("organization_id", "!=", "installation")
      .executeTakeFirstOrThrow(),
  );
  expect((await server.get(`${path}?after=${row.id}`, operator)).status).toBe(400);
});
