import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InternalClient } from "./internal-client.ts";
import { maintainOnce } from "./maintenance.ts";
import { PGliteEngine } from "./pglite-engine.ts";
import { Scheduler } from "./scheduler.ts";
import { plantSeed } from "./seed.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "headrace-maintenance-"));
let engine: PGliteEngine;
let client: InternalClient;

beforeAll(async () => {
  plantSeed(join(folder, "database"));
  engine = await PGliteEngine.open(join(folder, "database"));
  client = new InternalClient(
    new Scheduler(engine, (error) => {
      throw error;
    }),
  );
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the log and the dead rows of an endless load stay bounded", async () => {
  await client.query("create table load as select g as id, repeat('x', 500) as filler from generate_series(1, 5000) g");
  for (let round = 0; round < 30; round++) {
    await client.query("update load set filler = repeat('y', 500 + id % 3)");
    await maintainOnce(client);
  }
  const [log] = await client.query("select sum(size)::bigint from pg_ls_waldir()");
  expect(Number(log?.[0])).toBeLessThan(100_000_000);
  const [table] = await client.query("select pg_relation_size('load')::bigint");
  expect(Number(table?.[0])).toBeLessThan(20_000_000);
});

test("a wrong statement of its own is an error, and the next one works", async () => {
  await expect(client.query("select no_such_column")).rejects.toThrow("42703");
  expect(await client.query("select 1, null, 'ü'")).toEqual([["1", "", "ü"]]);
});
