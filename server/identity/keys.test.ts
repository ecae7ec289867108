import { afterAll, expect, test } from "bun:test";
import { inPlatform } from "../database/tenant.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const bootstrapKey = "a-key-that-the-operator-chose-0123456789";
const server = await startTestServer({ environment: { HEADRACE_BOOTSTRAP_KEY: bootstrapKey } });
afterAll(() => server[Symbol.asyncDispose]());

/** Longest wait until a change has come through; far above the promise, so that only its absence fails. */
const waitMsMax = 10_000;

async function until(status: number, key: string, on: TestServer = server): Promise<void> {
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    const response = await on.get("/v1/models", { authorization: `Bearer ${key}` });
    if (response.status === status) return;
    if (performance.now() > deadlineMs) throw new Error(`Still ${response.status}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a key that the environment fixes works as it is", async () => {
  expect(server.keys.project).toBe(bootstrapKey);
  await until(200, bootstrapKey);
});

test("a new key works, and a revoked one is refused, while the server runs", async () => {
  const { id, key } = await server.foundation.keys.create({ name: "test", projectId: undefined });
  await until(200, key);
  await server.foundation.keys.revoke(id);
  await until(401, key);
});

test("an expired key is refused", async () => {
  const { id, key } = await server.foundation.keys.create({ name: "test", projectId: undefined });
  await until(200, key);
  await inPlatform(server.foundation.database.db, async (transaction) => {
    await transaction
      .updateTable("api_keys")
      .set({ expires_at: new Date(Date.now() - 1) })
      .where("id", "=", id)
      .execute();
    await transaction.insertInto("change_log").values({ topic: "api_keys", key: id }).execute();
  });
  await until(401, key);
});

test("a key without the scope is refused, and told which one it lacks", async () => {
  const { id, key } = await server.foundation.keys.create({ name: "test", projectId: undefined });
  await inPlatform(server.foundation.database.db, async (transaction) => {
    await transaction
      .updateTable("api_keys")
      .set({ scopes: ["api.model.read"] })
      .where("id", "=", id)
      .execute();
    await transaction.insertInto("change_log").values({ topic: "api_keys", key: id }).execute();
  });
  await until(200, key);
  const response = await server.post("/v1/embeddings", { model: "m", input: "x" }, { authorization: `Bearer ${key}` });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("api.model.request");
});

test("no table holds a key, only its HMAC", async () => {
  const rows = await inPlatform(server.foundation.database.db, (transaction) =>
    transaction.selectFrom("api_keys").selectAll().execute(),
  );
  const stored = JSON.stringify(rows);
  for (const key of Object.values(server.keys)) expect(stored).not.toContain(key);
  expect(rows.map((row) => Buffer.from(row.hash).length)).toEqual(rows.map(() => 32));
});
