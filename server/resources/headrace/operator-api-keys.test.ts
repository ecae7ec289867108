import { afterAll, describe, expect, test } from "bun:test";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const path = "/headrace/v1/operator_api_keys";
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const operator = as(server.keys.operator);

type Key = { id: string; name: string; value: string; expires_at: number | null };
type Page = { data: { id: string; name: string }[]; has_more: boolean; last_id: string };

const create = async (body: object): Promise<Key> => (await server.post(path, body, operator)).json() as Promise<Key>;
const list = async (query = ""): Promise<Page> => (await server.get(path + query, operator)).json() as Promise<Page>;
const remove = (id: string, key = server.keys.operator): Promise<Response> =>
  fetch(`${server.url}${path}/${id}`, { method: "DELETE", headers: as(key) });
const statusOf = async (key: string): Promise<number> => (await server.get(path, as(key))).status;

test("a new operator key works at once, is shown once, and is refused at once when it is deleted", async () => {
  const made = await create({ name: "Night shift" });
  expect(made).toMatchObject({ object: "headrace.operator_api_key", name: "Night shift", expires_at: null });
  expect(made.value).toMatch(/^sk-operator-[0-9A-Za-z]{49}$/);
  expect(await statusOf(made.value)).toBe(200);
  const shown = await server.get(`${path}/${made.id}`, operator);
  const { value: _, ...rest } = made;
  expect(await shown.json()).toEqual(rest);
  expect(await (await remove(made.id)).json()).toEqual({
    id: made.id,
    object: "headrace.operator_api_key.deleted",
    deleted: true,
  });
  expect(await statusOf(made.value)).toBe(401);
  expect((await remove(made.id)).status).toBe(404);
  expect((await server.get(`${path}/${made.id}`, operator)).status).toBe(404);
});

test("operator keys are listed page by page, without values and without the keys of others", async () => {
  const made = [await create({ name: "a" }), await create({ name: "b" })];
  const first = await list("?limit=2");
  expect(first.data.map(({ name }) => name)).toEqual(["First operator key", "a"]);
  expect(first.has_more).toBe(true);
  const second = await list(`?limit=2&after=${first.last_id}`);
  expect(second).toMatchObject({ data: [{ name: "b" }], has_more: false });
  expect(JSON.stringify(await list())).not.toContain(made[0]?.value ?? "");
  for (const { id } of made) await remove(id);
});

test("an operator key that expires says when", async () => {
  const made = await create({ name: "Contractor", expires_in_seconds: 3600 });
  expect(made.expires_at).toBeGreaterThan(Date.now() / 1000 + 3_500);
  await remove(made.id);
});

test("an operator key may delete itself while another one works; the last one stays", async () => {
  const made = await create({ name: "Rotated" });
  expect((await remove(made.id, made.value)).status).toBe(200);
  expect(await statusOf(made.value)).toBe(401);
  const [last] = (await list()).data;
  const refused = await remove(last?.id ?? "");
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: "invalid_value", param: "key_id" } });
  expect(await statusOf(server.keys.operator)).toBe(200);
});

test("of two operator keys that delete each other at once, one stays", async () => {
  const made = await create({ name: "Rival" });
  const [first] = (await list()).data;
  const answers = await Promise.all([remove(first?.id ?? "", made.value), remove(made.id)]);
  expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
  const survivors = await Promise.all([statusOf(server.keys.operator), statusOf(made.value)]);
  expect(survivors.toSorted()).toEqual([200, 401]);
  const survivor = survivors[0] === 200 ? server.keys.operator : made.value;
  operator.authorization = `Bearer ${survivor}`;
});

describe("what is refused", () => {
  test.each([
    ["no name", {}, "missing_required_parameter", "name"],
    ["a name of 10,000 characters", { name: "x".repeat(10_000) }, "string_above_max_length", "name"],
    ["a name with a control character", { name: "a\u0007b" }, "invalid_value", "name"],
    ["a name of two lines", { name: "a\nb" }, "invalid_value", "name"],
    ["an expiry of no seconds", { name: "x", expires_in_seconds: 0 }, "integer_below_min_value", "expires_in_seconds"],
    ["an expiry of 10^12 s", { name: "x", expires_in_seconds: 1e12 }, "integer_above_max_value", "expires_in_seconds"],
    ["a scope", { name: "x", scopes: ["headrace.operate"] }, "unknown_parameter", "scopes"],
  ])("%s", async (_, body, code, param) => {
    const before = await list();
    const response = await server.post(path, body, operator);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param } });
    expect(await list()).toEqual(before);
  });

  test.each([
    ["a limit of -1", "?limit=-1", "integer_below_min_value", "limit"],
    ["a limit of 10^12", "?limit=1000000000000", "integer_above_max_value", "limit"],
    ["a cursor that nobody has", "?after=key_none", "invalid_value", "after"],
  ])("%s", async (_, query, code, param) => {
    const response = await server.get(path + query, operator);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param } });
  });

  test("a cursor of another list, and a key of another kind", async () => {
    const admins = await server.get("/v1/organization/admin_api_keys", as(server.keys.admin));
    const { data } = (await admins.json()) as Page;
    const id = data[0]?.id ?? "";
    expect((await server.get(`${path}?after=${id}`, operator)).status).toBe(400);
    expect((await server.get(`${path}/${id}`, operator)).status).toBe(404);
    expect((await remove(id, operator.authorization.slice(7))).status).toBe(404);
    expect((await server.get("/v1/organization/admin_api_keys", as(server.keys.admin))).status).toBe(200);
  });
});
