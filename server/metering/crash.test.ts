import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createTestDatabase } from "../database/testing/test-database.ts";
import { listInstanceFolders } from "./instance-folder.ts";
import { replayDeadJournals } from "./replay.ts";
import { silentLogger, startsAtOnceMax, temporaryFolder } from "./testing/journal-fixtures.ts";
import { removeUsageRows, usageRows } from "./testing/usage-rows.ts";
import { UsageStore } from "./usage-store.ts";

const database = await createTestDatabase();
afterAll(() => database.dispose());
const program = join(import.meta.dirname, "testing", "crashing-process.ts");

type Client = { received: number; endedWith: number | undefined };

/** Runs the process, kills it after `lifeMs`, and tells what its clients had seen by then. */
async function runUntilKilled(root: string, seed: number, lifeMs: number): Promise<Map<string, Client>> {
  const process = Bun.spawn([globalThis.process.execPath, program, root, String(seed)], { stdout: "pipe" });
  const reader = process.stdout.getReader();
  const first = await reader.read();
  const pieces = [first.value ?? new Uint8Array()];
  const timer = setTimeout(() => process.kill("SIGKILL"), lifeMs);
  for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
  clearTimeout(timer);
  await process.exited;
  expect(process.signalCode).toBe("SIGKILL");
  const clients = new Map<string, Client>();
  for (const line of Buffer.concat(pieces).toString().split("\n").slice(0, -1)) {
    const [kind, id = "", number] = line.split(" ");
    const client = clients.get(id) ?? { received: 0, endedWith: undefined };
    if (kind === "ready") continue;
    if (kind === "t") client.received += Number(number);
    if (kind === "e") client.endedWith = Number(number);
    clients.set(id, client);
  }
  return clients;
}

describe("a process that is killed", () => {
  test("40 times at random: every request has exactly one set of rows, and no token is lost", async () => {
    const store = new UsageStore(database.db);
    let [started, interrupted] = [0, 0];
    for (let kill = 1; kill <= 40; kill++) {
      using root = temporaryFolder();
      const clients = await runUntilKilled(root.path, kill, (kill * 7919) % 120);
      const parts = { root: root.path, store, logger: silentLogger };
      // A replay that another one overtakes finds nothing; rows that are there already stay.
      const results = await Promise.all([replayDeadJournals(parts), replayDeadJournals(parts)]);
      expect(results.reduce((sum, { folders }) => sum + folders, 0)).toBe(1);
      expect(await listInstanceFolders(root.path)).toEqual([]);
      const rows = await usageRows(database.db);
      const keys = rows.map(({ request_id, attempt, meter }) => `${request_id} ${attempt} ${meter}`);
      expect(new Set(keys).size).toBe(keys.length);
      const requests = new Set(rows.map(({ request_id }) => request_id));
      const output = new Map(rows.filter(({ meter }) => meter === "output_tokens").map((row) => [row.request_id, row]));
      for (const [id, { received, endedWith }] of clients) {
        const row = output.get(id);
        const metered = Number(row?.quantity);
        if (endedWith !== undefined)
          expect(row).toMatchObject({ status: "completed", estimated: false, quantity: String(endedWith) });
        if (row?.status === "interrupted") {
          expect(row.estimated).toBe(true);
          expect(metered).toBeGreaterThanOrEqual(received);
          // The process may have been killed between an advance and the words that tell of it.
          expect(metered).toBeLessThanOrEqual(received + 64);
        } else {
          expect(row?.status).toBe("completed");
        }
        requests.delete(id);
      }
      // At most one write's starts were not told any more.
      expect(requests.size).toBeLessThanOrEqual(startsAtOnceMax);
      started += clients.size;
      interrupted += [...output.values()].filter(({ status }) => status === "interrupted").length;
      await removeUsageRows(database.db);
    }
    expect(started).toBeGreaterThan(100);
    expect(interrupted).toBeGreaterThan(40);
  }, 120_000);
});
