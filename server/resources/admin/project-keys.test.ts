import { afterAll, describe, expect, test } from "bun:test";
import { inPlatform } from "../../database/tenant.ts";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `${provider.yaml(["chat"], "small")}  - name: large\n    provider: provider\n    model: upstream-large\n`,
  environment: { HEADRACE_TRUSTED_PROXIES: "127.0.0.1, 198.51.100.0/24" },
  limits: { keyUseWriteMs: 50 },
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const admin = { authorization: `Bearer ${server.keys.admin}` };
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const projectId = (await server.get("/v1/models")).headers.get("openai-project") ?? "";
const path = `/headrace/v1/projects/${projectId}/api_keys`;
const openAiPath = `/v1/organization/projects/${projectId}/api_keys`;

type Key = {
  id: string;
  value: string;
  expires_at: number | null;
  replaced_by: string | null;
  models: string[] | null;
};

async function makeKey(wish: object = {}): Promise<Key> {
  const response = await server.post(path, { name: "test", ...wish }, admin);
  expect(response.status).toBe(200);
  return (await response.json()) as Key;
}

async function errorOf(response: Response): Promise<{ status: number; code: unknown; param: unknown }> {
  const { error } = (await response.json()) as { error: { code: unknown; param: unknown } };
  return { status: response.status, code: error.code, param: error.param };
}

const chat = (key: string, model: string, extra: object = {}) =>
  server.post("/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }], ...extra }, as(key));

describe("a key's scopes", () => {
  test("of api.all.read let it read and refuse all that writes", async () => {
    const { value } = await makeKey({ scopes: ["api.all.read"] });
    expect((await server.get("/v1/models", as(value))).status).toBe(200);
    expect(await errorOf(await server.get("/v1/responses/resp_none", as(value)))).toMatchObject({ status: 404 });
    expect(await errorOf(await chat(value, "small"))).toMatchObject({ status: 403, code: "missing_scope" });
  });

  test("that write one resource read it too, and reach no other", async () => {
    const { value } = await makeKey({ scopes: ["api.responses.write"] });
    expect(await errorOf(await server.get("/v1/responses/resp_none", as(value)))).toMatchObject({ status: 404 });
    expect(await errorOf(await server.get("/v1/models", as(value)))).toMatchObject({ code: "missing_scope" });
  });

  test("can't be widened by the key itself", async () => {
    const { id, value } = await makeKey({ scopes: ["api.model.read"] });
    for (const at of [`${openAiPath}/${id}`, `${path}/${id}`, `${path}/${id}/rotate`]) {
      expect(await errorOf(await server.post(at, { scopes: [] }, as(value)))).toMatchObject({ code: "missing_scope" });
    }
  });
});

describe("a key's models", () => {
  test("are the only ones that it sees and may ask, until the restriction is lifted", async () => {
    const { id, value } = await makeKey({ models: ["small"] });
    const models = async () => {
      const { data } = (await (await server.get("/v1/models", as(value))).json()) as { data: { id: string }[] };
      return data.map((model) => model.id);
    };
    expect(await models()).toEqual(["small"]);
    const refused = await chat(value, "large");
    const unknown = await chat(value, "nobody");
    expect((await refused.text()).replace("large", "M")).toBe((await unknown.text()).replace("nobody", "M"));
    expect([refused.status, unknown.status]).toEqual([404, 404]);
    expect(await errorOf(await server.get("/v1/models/large", as(value)))).toMatchObject({ status: 404 });
    const lifted = await server.post(`${path}/${id}`, { models: null }, admin);
    expect(await lifted.json()).toMatchObject({ models: null, ip_addresses: null });
    expect(await models()).toEqual(["large", "small"]);
  });
});

describe("a key's addresses", () => {
  const status = async (key: string, forwardedFor?: string) => {
    const headers = forwardedFor === undefined ? as(key) : { ...as(key), "x-forwarded-for": forwardedFor };
    return (await server.get("/v1/models", headers)).status;
  };

  test("are those that a trusted proxy tells, whatever the client itself wrote before them", async () => {
    const { value } = await makeKey({ ip_addresses: ["192.0.2.0/28", "2001:db8::/32"] });
    expect(await status(value)).toBe(401);
    expect(await status(value, "192.0.2.7")).toBe(200);
    expect(await status(value, "2001:db8::7")).toBe(200);
    expect(await status(value, "::ffff:192.0.2.7")).toBe(200);
    expect(await status(value, "192.0.2.7, 198.51.100.3")).toBe(200);
    expect(await status(value, "203.0.113.1, 192.0.2.7")).toBe(200);
    expect(await status(value, "192.0.2.7, 203.0.113.1")).toBe(401);
    expect(await status(value, "192.0.2.17")).toBe(401);
    for (const text of ["unknown", "", "192.0.2.7, unknown", "192.0.2.7:80"])
      expect(await status(value, text)).toBe(401);
  });

  test("are told in the refusal, and that the key is good elsewhere is not hidden", async () => {
    const { value } = await makeKey({ ip_addresses: ["192.0.2.7"] });
    const response = await server.get("/v1/models", { ...as(value), "x-forwarded-for": "203.0.113.9" });
    expect(await response.clone().text()).toContain("203.0.113.9");
    expect(await errorOf(response)).toMatchObject({ status: 401, code: "ip_not_authorized" });
  });

  test("of an audit event are the client's, not the proxy's", async () => {
    await server.post(path, { name: "audited" }, { ...admin, "x-forwarded-for": "192.0.2.99" });
    const log = (await (await server.get("/v1/organization/audit_logs?limit=1", admin)).json()) as {
      data: { actor: { api_key: { ip_address: string } } }[];
    };
    expect(log.data[0]?.actor.api_key.ip_address).toBe("192.0.2.99");
  });
});

describe("rotating a key", () => {
  test("makes one with the same rights, while the old one goes on for its grace", async () => {
    const old = await makeKey({ scopes: ["api.model.read"], models: ["small"], ip_addresses: ["127.0.0.1"] });
    const response = await server.post(`${path}/${old.id}/rotate`, { grace_seconds: 3600 }, admin);
    const successor = (await response.json()) as Key;
    expect(successor).toMatchObject({ name: "test", scopes: ["api.model.read"], models: ["small"] });
    expect(successor).toMatchObject({ ip_addresses: ["127.0.0.1"], expires_at: null, replaced_by: null });
    for (const { value } of [old, successor]) expect((await server.get("/v1/models", as(value))).status).toBe(200);
    const after = (await (await server.get(`${path}/${old.id}`, admin)).json()) as Key;
    expect(after.replaced_by).toBe(successor.id);
    expect(after.expires_at ?? 0).toBeGreaterThan(Date.now() / 1000 + 3500);
    expect(after.expires_at ?? 0).toBeLessThan(Date.now() / 1000 + 3700);
  });

  test("without grace refuses the old one at once", async () => {
    const old = await makeKey();
    const successor = (await (
      await server.post(`${path}/${old.id}/rotate`, { grace_seconds: 0 }, admin)
    ).json()) as Key;
    expect((await server.get("/v1/models", as(old.value))).status).toBe(401);
    expect((await server.get("/v1/models", as(successor.value))).status).toBe(200);
    expect(await errorOf(await server.get(`${path}/${old.id}`, admin))).toMatchObject({ status: 404 });
  });

  test("never lengthens the old one's life, and gives the new one a life as long", async () => {
    const old = await makeKey({ expires_in_seconds: 60 });
    const successor = (await (await server.post(`${path}/${old.id}/rotate`, {}, admin)).json()) as Key;
    const after = (await (await server.get(`${path}/${old.id}`, admin)).json()) as Key;
    expect(after.expires_at).toBe(old.expires_at);
    expect((successor.expires_at ?? 0) - (old.expires_at ?? 0)).toBeLessThan(60);
  });

  test("is refused for one that was rotated already, also when two ask at once", async () => {
    const { id } = await makeKey();
    const both = await Promise.all([1, 2].map(() => server.post(`${path}/${id}/rotate`, {}, admin)));
    expect(both.map((response) => response.status).sort()).toEqual([200, 400]);
    expect(await errorOf(await server.post(`${path}/${id}/rotate`, {}, admin))).toEqual({
      status: 400,
      code: "invalid_value",
      param: "api_key_id",
    });
  });

  test("keeps a service account's key a service account's", async () => {
    const accounts = `/v1/organization/projects/${projectId}/service_accounts`;
    const account = (await (await server.post(accounts, { name: "robot" }, admin)).json()) as {
      id: string;
      api_key: { id: string };
    };
    const successor = (await (await server.post(`${path}/${account.api_key.id}/rotate`, {}, admin)).json()) as Key;
    expect(successor.value).toStartWith("sk-svcacct-");
    const shown = await (await server.get(`${openAiPath}/${successor.id}`, admin)).json();
    expect(shown).toMatchObject({ owner: { type: "service_account", service_account: { id: account.id } } });
  });
});

describe("a key's last use", () => {
  test("is told soon after, and is null before", async () => {
    const { id, value } = await makeKey();
    const lastUsed = async () =>
      ((await (await server.get(`${openAiPath}/${id}`, admin)).json()) as { last_used_at: number | null }).last_used_at;
    expect(await lastUsed()).toBeNull();
    await server.get("/v1/models", as(value));
    let told = await lastUsed();
    for (; told === null; told = await lastUsed()) await Bun.sleep(20);
    expect(Math.abs(told - Date.now() / 1000)).toBeLessThan(60);
  });
});

describe("a running stream", () => {
  const chunk = `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "upstream",
    choices: [{ index: 0, delta: { role: "assistant", content: "so" }, finish_reason: null }],
  })}\n\n`;

  const ends: [string, (id: string) => Promise<unknown>, string][] = [
    [
      "is revoked",
      (id) => fetch(`${server.url}${openAiPath}/${id}`, { method: "DELETE", headers: admin }),
      "invalid_api_key",
    ],
    [
      "expires",
      async (id) => {
        const response = await server.post(`${openAiPath}/${id}`, { expires_in_seconds: 1 }, admin);
        expect(response.status).toBe(200);
      },
      "invalid_api_key",
    ],
  ];
  test.each(ends)(
    "ends when its key %s: the caller is told why, the upstream is left, its usage is booked once",
    async (_, end, code) => {
      provider.answer((_call, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(chunk);
      });
      const { id, value } = await makeKey();
      const response = await chat(value, "small", { stream: true });
      const text = response.text();
      await end(id);
      expect(await text).toContain(`"code":"${code}"`);
      await provider.calls.at(-1)?.closed;
      expect(await usageOf(server, response)).toMatchObject({ status: "failed" });
    },
  );
});

describe("an Idempotency-Key", () => {
  test("makes a key once, and neither the database nor a retry gives its text again", async () => {
    const headers = { ...admin, "idempotency-key": "one-key" };
    const made = (await (await server.post(path, { name: "once" }, headers)).json()) as Key;
    const again = await server.post(path, { name: "once" }, headers);
    expect(await again.clone().text()).not.toContain(made.value);
    expect(await errorOf(again)).toMatchObject({ status: 409, code: "idempotency_answer_not_kept" });
    const listed = (await (await server.get(`${openAiPath}?limit=100`, admin)).json()) as { data: { name: string }[] };
    expect(listed.data.filter(({ name }) => name === "once")).toHaveLength(1);
    const rows = await inPlatform(server.foundation.database.db, (transaction) =>
      transaction.selectFrom("idempotency_keys").selectAll().execute(),
    );
    expect(rows.map((row) => Buffer.from(row.body ?? []).toString())).toEqual([""]);
  });

  test("belongs to the ids in the path too: the same one for another key is another request", async () => {
    const [one, other] = [await makeKey(), await makeKey()];
    const rotate = (id: string) =>
      server.post(`${path}/${id}/rotate`, {}, { ...admin, "idempotency-key": "rotate-once" });
    const statuses = await Promise.all([rotate(one.id), rotate(other.id)].map(async (sent) => (await sent).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 422)).toHaveLength(1);
  });
});

describe("what is wrong is refused", () => {
  const wrong: [string, string, object, number, string, string | null][] = [
    [
      "a block that is none",
      path,
      { name: "x", ip_addresses: ["10.0.0.0/33"] },
      400,
      "invalid_value",
      "ip_addresses[0]",
    ],
    [
      "an address with leading zeros",
      path,
      { name: "x", ip_addresses: ["010.0.0.1"] },
      400,
      "invalid_value",
      "ip_addresses[0]",
    ],
    ["an empty list of models", path, { name: "x", models: [] }, 400, "empty_array", "models"],
    ["101 models", path, { name: "x", models: Array(101).fill("m") }, 400, "array_above_max_length", "models"],
    ["an unknown scope", path, { name: "x", scopes: ["api.all"] }, 400, "invalid_value", "scopes[0]"],
    ["a name of 10,000 characters", path, { name: "x".repeat(10_000) }, 400, "string_above_max_length", "name"],
    ["a right-to-left mark", path, { name: "x\u202ey" }, 400, "invalid_value", "name"],
    [
      "somebody else's project in the body",
      path,
      { name: "x", project_id: "p" },
      400,
      "unknown_parameter",
      "project_id",
    ],
    ["a change of nothing", `${path}/key_none`, {}, 400, "invalid_value", null],
    [
      "a grace of a year",
      `${path}/key_none/rotate`,
      { grace_seconds: 31_536_000 },
      400,
      "integer_above_max_value",
      "grace_seconds",
    ],
    [
      "a negative grace",
      `${path}/key_none/rotate`,
      { grace_seconds: -1 },
      400,
      "integer_below_min_value",
      "grace_seconds",
    ],
    ["an unknown key", `${path}/key_none/rotate`, {}, 404, "not_found", "api_key_id"],
    ["an unknown project", "/headrace/v1/projects/proj_none/api_keys", { name: "x" }, 404, "not_found", "project_id"],
  ];
  test.each(wrong)("%s", async (_, at, body, status, code, param) => {
    expect(await errorOf(await server.post(at, body, admin))).toEqual({ status, code, param });
  });
});

test("a key that many delete at once is deleted by one of them, and the audit log says so once", async () => {
  const { id } = await makeKey();
  const deletions = await Promise.all(
    Array.from({ length: 8 }, () => fetch(`${server.url}${openAiPath}/${id}`, { method: "DELETE", headers: admin })),
  );
  const statuses = deletions.map(({ status }) => status).toSorted((one, other) => one - other);
  expect(statuses).toEqual([200, ...Array.from({ length: 7 }, () => 404)]);
  const events = await server.get(
    `/v1/organization/audit_logs?event_types[]=api_key.deleted&resource_ids[]=${id}`,
    admin,
  );
  expect(((await events.json()) as { data: unknown[] }).data).toHaveLength(1);
});
