import { afterAll, expect, test } from "bun:test";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const path = "/headrace/v1/organizations";
const operator = { authorization: `Bearer ${server.keys.operator}` };
const as = (key: string) => ({ authorization: `Bearer ${key}` });

type Made = { id: string; name: string; status: string; admin_api_key: { id: string; value: string } };

test("an operator makes an organization, whose admin key works at once and sees nothing of the others", async () => {
  const made = (await (await server.post(path, { name: "Tenant" }, operator)).json()) as Made;
  expect(made).toMatchObject({ object: "headrace.organization", name: "Tenant", status: "active" });
  const projects = await server.get("/v1/organization/projects", as(made.admin_api_key.value));
  expect(await projects.json()).toMatchObject({ data: [], has_more: false });
  const { admin_api_key: _, ...shown } = made;
  expect(await (await server.get(`${path}/${made.id}`, operator)).json()).toEqual(shown);
  const listed = (await (await server.get(`${path}?limit=1`, operator)).json()) as {
    data: { name: string }[];
    has_more: boolean;
  };
  expect(listed.data.map(({ name }) => name)).toEqual(["Default organization"]);
  expect(listed.has_more).toBe(true);
});

test("all keys of a suspended organization are refused, and work again when it is taken up", async () => {
  const made = (await (await server.post(path, { name: "Late payer" }, operator)).json()) as Made;
  const { value } = made.admin_api_key;
  const status = async (key: string) => (await server.get("/v1/organization/projects", as(key))).status;
  expect(await status(value)).toBe(200);
  await server.post(`${path}/${made.id}`, { status: "suspended" }, operator);
  const refused = await server.get("/v1/organization/projects", as(value));
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ error: { code: "organization_suspended" } });
  expect(await status(server.keys.admin)).toBe(200);
  await server.post(`${path}/${made.id}`, { status: "active" }, operator);
  expect(await status(value)).toBe(200);
  const log = (await (await server.get("/v1/organization/audit_logs", as(value))).json()) as {
    data: { type: string }[];
  };
  expect(log.data.map(({ type }) => type)).toEqual(["organization.updated", "organization.updated", "api_key.created"]);
});

test("an organization that is suspended twice stays suspended", async () => {
  const made = (await (await server.post(path, { name: "Twice" }, operator)).json()) as Made;
  for (let time = 0; time < 2; time++) {
    const response = await server.post(`${path}/${made.id}`, { status: "suspended" }, operator);
    expect(await response.json()).toMatchObject({ status: "suspended" });
  }
});

test("of a renaming and a suspension at once, neither is lost", async () => {
  const made = (await (await server.post(path, { name: "Before" }, operator)).json()) as Made;
  const change = (body: object) => server.post(`${path}/${made.id}`, body, operator);
  await Promise.all([change({ name: "After" }), change({ status: "suspended" })]);
  expect(await (await server.get(`${path}/${made.id}`, operator)).json()).toMatchObject({
    name: "After",
    status: "suspended",
  });
});

test.each([
  ["a name of 10,000 characters", path, { name: "x".repeat(10_000) }, 400, "string_above_max_length", "name"],
  ["a name with a control character", path, { name: "a\u0007b" }, 400, "invalid_value", "name"],
  ["an unknown organization", `${path}/org-none`, { name: "x" }, 404, "not_found", "organization_id"],
  ["a status that there is not", `${path}/org-none`, { status: "gone" }, 400, "invalid_value", "status"],
  ["no name", path, {}, 400, "missing_required_parameter", "name"],
])("%s is refused", async (_, at, body, status, code, param) => {
  const response = await server.post(at, body, operator);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code, param } });
});

test("an Idempotency-Key, which operators are not offered, is refused instead of ignored", async () => {
  const response = await server.post(path, { name: "x" }, { ...operator, "idempotency-key": "k" });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "invalid_header" } });
});
