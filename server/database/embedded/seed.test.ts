import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedFacts from "./generated/seed.json" with { type: "json" };
import { isSeedUsable, pgliteVersion, plantSeed, seedArchivePath } from "./seed.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "headrace-seed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the seed was made by the installed PGlite and is whole (else: bun server/database/embedded/make-seed.ts)", () => {
  expect(seedFacts.pgliteVersion).toBe(pgliteVersion);
  expect(isSeedUsable(readFileSync(seedArchivePath))).toBe(true);
});

test("a changed seed is not used", () => {
  const changed = readFileSync(seedArchivePath);
  changed[1000] = (changed[1000] ?? 0) ^ 1;
  expect(isSeedUsable(changed)).toBe(false);
});

test("it is planted once, for this user alone, and never over what is there", () => {
  const database = join(folder, "database");
  expect(plantSeed(database)).toBe(true);
  expect(statSync(database).mode & 0o777).toBe(0o700);
  expect(existsSync(join(database, "PG_VERSION"))).toBe(true);
  rmSync(join(database, "PG_VERSION"));
  expect(plantSeed(database)).toBe(false);
  expect(existsSync(join(database, "PG_VERSION"))).toBe(false);
});
