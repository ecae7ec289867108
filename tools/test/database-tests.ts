import { importsOf } from "../check/imports.ts";
import type { Repository } from "../check/repository.ts";

/** Only what stands here knows on which database tests run. */
const testDatabases = "server/database/testing/";

/**
 * The test files whose imports lead to a test's database; all others do the same whatever the database is.
 * @throws Error where there is none, as then something has moved.
 */
export function databaseTestsOf({ files }: Repository): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const file of files.filter(({ path }) => /\.(ts|tsx|mjs)$/.test(path))) {
    for (const { target, isPackage, isTypeOnly } of importsOf(file)) {
      if (isPackage || isTypeOnly) continue;
      const known = importers.get(target) ?? [];
      importers.set(target, [...known, file.path]);
    }
  }
  const reached = new Set<string>();
  const waiting = files.map(({ path }) => path).filter((path) => path.startsWith(testDatabases));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...(importers.get(path) ?? []));
  }
  const tests = [...reached].filter((path) => /\.test\.(ts|tsx)$/.test(path));
  if (tests.length === 0) throw new Error(`no test file imports anything that leads to ${testDatabases}`);
  return new Set(tests);
}
