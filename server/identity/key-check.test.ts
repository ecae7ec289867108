import { afterAll, expect, test } from "bun:test";
import { startTestServer } from "../testing/test-server.ts";
import { generateApiKey } from "./api-key.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

/** So many that what the server asks in the background, some ten statements a second, is lost in it. */
const requests = 600;
const atOnce = 20;

/** Statements that the server sent while these keys were tried, and the answers' status codes. */
async function tried(keys: readonly string[]): Promise<{ statements: number; statuses: number[] }> {
  const before = server.foundation.database.statementsSent();
  const statuses = new Set<number>();
  const waiting = [...keys];
  const client = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const response = await server.get("/v1/models", { authorization: `Bearer ${key}` });
      await response.text();
      statuses.add(response.status);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return { statements: server.foundation.database.statementsSent() - before, statuses: [...statuses] };
}

const many = (make: (index: number) => string) => Array.from({ length: requests }, (_, index) => make(index));

test.each([
  ["a valid key", many(() => server.keys.project), 200],
  ["texts that are no keys", many((index) => `' OR ${index}=${index} --`.replaceAll(" ", "")), 401],
  ["keys with a wrong checksum", many(() => `${generateApiKey("project").slice(0, -6)}000000`), 401],
  ["well-formed keys that nobody has", many(() => generateApiKey("project")), 401],
  ["well-formed operator keys that nobody has", many(() => generateApiKey("operator")), 401],
])("checking %s asks the database nothing", async (_, keys, status) => {
  const { statements, statuses } = await tried(keys);
  expect(statuses).toEqual([status]);
  expect(statements).toBeLessThan(requests / 2);
});
