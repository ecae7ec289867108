/** Random requests to the real model; `npm run soak -- --only validated-streams` sends hundreds, of any seed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { apiClient } from "./api-client.ts";
import { chatModel, type RunningServer, startServer } from "./node/serve.mjs";
import { runRandomRequests } from "./random-requests/run-random-requests.ts";

let server: RunningServer;
const database = await createServerDatabase();
beforeAll(async () => {
  server = await startServer({ environment: database.env });
}, 600_000);
afterAll(async () => {
  await server?.stop();
  await database.dispose();
});

test("whatever is asked for, the stream keeps the grammar, answers what was asked, and is kept as it was told", async () => {
  const options = { model: chatModel, seed: 1, responses: 17, chats: 8, lanes: 4 };
  const { judged, broken } = await runRandomRequests(apiClient(server), options);
  expect(broken).toEqual([]);
  expect(judged.get("responses")).toBe(options.responses);
  expect(judged.get("chat completions")).toBe(options.chats);
  expect(judged.get("kept responses")).toBeGreaterThan(0);
  expect(judged.get("streams taken up again")).toBeGreaterThan(0);
}, 600_000);
