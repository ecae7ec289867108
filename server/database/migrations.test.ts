import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fingerprints from "./migrations/fingerprints.json" with { type: "json" };
import { migrations } from "./migrations/index.ts";

const folder = join(import.meta.dirname, "migrations");
const files = readdirSync(folder)
  .filter((file) => /^\d{3}-.*\.ts$/.test(file))
  .sort();

test("every migration's file is numbered in a row, listed, and named as its migration", () => {
  expect(files.length).toBeGreaterThan(0);
  expect(files).toEqual(migrations.map(({ name }) => `${name}.ts`));
  for (const [index, file] of files.entries()) expect(Number(file.slice(0, 3))).toBe(index + 1);
});

test("a migration that has landed never changes", () => {
  const found = files.map((file) => [
    file,
    createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex"),
  ]);
  expect(Object.fromEntries(found)).toEqual(fingerprints);
});
