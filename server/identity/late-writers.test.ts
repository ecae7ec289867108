import { afterAll, expect, test } from "bun:test";
import { appendChange } from "../database/change-log-store.ts";
import { openDatabase } from "../database/connect.ts";
import { testDatabaseKind } from "../database/testing/test-database.ts";
import { startTestServer } from "../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const path = "/headrace/v1/operator_api_keys";
const as = (key: string) => ({ authorization: `Bearer ${key}` });

/** Another transaction that has written a change and has not ended: the embedded database has room for one alone. */
test.skipIf(testDatabaseKind === "embedded")(
  "while somebody else's transaction stays open, a key works at once when it is made and is refused at once when it is revoked",
  async () => {
    const { database: configured } = server.config;
    if (configured.kind !== "postgres") throw new Error("this test needs Postgres");
    const other = openDatabase({ kind: "postgres", url: configured.url.reveal() });
    const open = await other.db.startTransaction().execute();
    await appendChange(open, "api_keys", "key_of_a_late_writer");
    try {
      const made = (await (await server.post(path, { name: "New" }, as(server.keys.operator))).json()) as {
        id: string;
        value: string;
      };
      expect((await server.get(path, as(made.value))).status).toBe(200);
      await fetch(`${server.url}${path}/${made.id}`, { method: "DELETE", headers: as(server.keys.operator) });
      expect((await server.get(path, as(made.value))).status).toBe(401);
    } finally {
      await open.rollback().execute();
      await other.close();
    }
  },
);
