import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "@headrace/tools/common/root.ts";
import { brokenBuilds } from "./broken-builds.ts";
import { tryBuild } from "./try-build.ts";
import { copyWorkTree, replaceOnce } from "./work-copy.ts";

setDefaultTimeout(120_000);

const copy = await copyWorkTree();
afterAll(() => copy[Symbol.asyncDispose]());

test.each(brokenBuilds)("a build can be broken in one place, and has a test: $promise", async (build) => {
  const text = await readFile(join(root, build.file), "utf8");
  expect(replaceOnce(build.file, text, build.find, build.replace)).not.toBe(text);
  // Where a test is made for each database or case, its name is made too.
  const tests = await readFile(join(root, build.test), "utf8");
  for (const written of build.testName.split(/(?:on )?the (?:embedded|postgres).*|'[^']*'/)) {
    expect(tests).toContain(written.trim());
  }
});

// The others are tried by `npm run soak -- --only broken-builds`.
test.each(brokenBuilds.filter(({ isQuick }) => isQuick))("is noticed: a build without '$promise'", async (build) => {
  expect(await tryBuild(copy, build)).toEqual({ kind: "noticed" });
});
