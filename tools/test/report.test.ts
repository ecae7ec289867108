import { describe, expect, test } from "bun:test";
import { runBunStep } from "./bun-step.ts";
import { databaseTestsOf } from "./database-tests.ts";
import { readJunit } from "./junit.ts";
import { readTap } from "./node-step.ts";
import { readOptions } from "./options.ts";
import { readUnittest } from "./python-step.ts";
import { demandTests, hasFailed, renderReport, skippedStep } from "./report.ts";

const lastLine = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);

describe("the last line of npm test", () => {
  const good = { step: "a", passed: 3, failures: [], skips: [] };

  test("counts what passed and failed", () => {
    expect(lastLine(renderReport([good]))).toBe("3 passed, 0 failed");
  });

  test("counts skips, and names each with its reason above", () => {
    const report = renderReport([good, skippedStep("postgres", "no server")]);
    expect(lastLine(report)).toBe("3 passed, 0 failed, 1 skipped");
    expect(report).toContain("postgres (no server)");
  });

  test("says what a step has left to another, and counts it nowhere", () => {
    const report = renderReport([{ ...good, note: "2 files run elsewhere" }]);
    expect(report).toContain("note     a: 2 files run elsewhere\n");
    expect(lastLine(report)).toBe("3 passed, 0 failed");
  });

  test("a step that ran nothing is a failure", () => {
    const result = demandTests({ step: "node", passed: 0, failures: [], skips: [] });
    expect(hasFailed([result])).toBe(true);
    expect(lastLine(renderReport([good, result]))).toBe("3 passed, 1 failed");
  });
});

describe("counts from other programs' reports", () => {
  test("bun: passed, failed with its message, skipped, files", () => {
    const report = readJunit(`<testsuites tests="4"><testsuite name="a.test.ts"><testsuite name="group">
      <testcase name="good &amp; &lt;plain&gt;" classname="group" file="a.test.ts" line="2" />
      <testcase name="bad" classname="group" file="a.test.ts"><failure type="AssertionError" message="m">one&#10;two</failure></testcase>
      <testcase name="slow" file="b.test.ts"><failure type="TimeoutError" message="test timed out" /></testcase>
      <testcase name="later" file="b.test.ts"><skipped message="later" /></testcase></testsuite></testsuite></testsuites>`);
    expect(report.passed).toBe(1);
    expect(report.failures).toEqual([
      { name: "a.test.ts > group > bad", detail: "one\ntwo" },
      { name: "b.test.ts > slow", detail: "test timed out" },
    ]);
    expect(report.skips).toEqual([{ name: "b.test.ts > later", reason: "later" }]);
    expect(report.files).toEqual(new Set(["a.test.ts", "b.test.ts"]));
  });

  test("node: the summary, failed and skipped by name", () => {
    const tap = [
      "TAP version 13",
      "    ok 1 - good",
      "    not ok 2 - bad",
      "      ---",
      "      failureType: 'testCodeFailure'",
      "      error: 'one is not two'",
      "      ...",
      "not ok 1 - group",
      "  ---",
      "  failureType: 'subtestsFailed'",
      "  ...",
      "ok 3 - off # SKIP no key",
      "# pass 1",
    ].join("\n");
    const result = readTap(tap, 1);
    expect(result.passed).toBe(1);
    expect(result.failures).toEqual([{ name: "bad", detail: "'one is not two'" }]);
    expect(result.skips).toEqual([{ name: "off", reason: "no key" }]);
  });

  test("node: an exit code without a failed test is a failure", () => {
    expect(readTap("# pass 1\n", 7).failures).toHaveLength(1);
  });

  test("python: failures with their traceback, skips with their reason", () => {
    const line = "=".repeat(70);
    const rule = "-".repeat(70);
    const output = `test_a (t.T.test_a) ... ok\ntest_b (t.T.test_b) ... FAIL\ntest_c (t.T.test_c) ... skipped 'no model'\n\n${line}\nFAIL: test_b (t.T.test_b)\n${rule}\nTraceback\nAssertionError: 1 != 2\n\n${rule}\nRan 3 tests in 0.001s\n\nFAILED (failures=1, skipped=1)\n`;
    const result = readUnittest(output, 1);
    expect(result.passed).toBe(1);
    expect(result.failures).toEqual([{ name: "test_b (t.T.test_b)", detail: "Traceback\nAssertionError: 1 != 2\n" }]);
    expect(result.skips).toEqual([{ name: "test_c (t.T.test_c)", reason: "no model" }]);
  });
});

describe("the tests that depend on the database", () => {
  const files = [
    { path: "server/database/testing/open.ts", text: "" },
    { path: "server/testing/server.ts", text: 'import { open } from "../database/testing/open.ts";' },
    { path: "server/a.test.ts", text: 'import { start } from "@headrace/server/testing/server.ts";' },
    { path: "conformance/b.test.ts", text: 'const { open } = await import("../server/database/testing/open.ts");' },
    { path: "server/c.test.ts", text: 'import type { Server } from "./testing/server.ts";' },
    { path: "engine/d.test.ts", text: 'import { other } from "./other.ts";' },
  ];

  test("are those whose imports lead to a test's database, however far away it is", () => {
    const found = databaseTestsOf({ root: "", files });
    expect([...found].toSorted()).toEqual(["conformance/b.test.ts", "server/a.test.ts"]);
  });

  test("are never none", () => {
    expect(() => databaseTestsOf({ root: "", files: files.slice(3) })).toThrow("server/database/testing/");
  });
});

describe("npm test's words", () => {
  const paths = ["contract/a.test.ts", "server/http/b.test.ts", "conformance/node/c.test.mjs", "server/main.ts"];
  const readWords = (words: string[]) => readOptions(words, paths, new Set(["server/http/b.test.ts"]));

  test("without any, every step and every test file", () => {
    const options = readWords([]);
    expect([...options.steps]).toEqual(["checks", "embedded", "postgres", "node", "python"]);
    expect(options.files).toEqual(["contract/a.test.ts", "server/http/b.test.ts"]);
    expect(options.databaseFiles).toEqual(["server/http/b.test.ts"]);
    expect(options.otherFiles).toBe(1);
    expect(options.nodeFiles).toEqual(["conformance/node/c.test.mjs"]);
  });

  test("a part of a path chooses files; anything else is part of a test's name", () => {
    expect(readWords(["http"])).toMatchObject({ files: ["server/http/b.test.ts"], namePattern: undefined });
    expect(readWords(["counts skips"])).toMatchObject({ namePattern: "counts skips" });
  });

  test("a step of whose files none matches takes no part", () => {
    expect([...readWords(["contract/"]).steps]).toEqual(["embedded"]);
    expect([...readWords(["conformance/node"]).steps]).toEqual(["node"]);
  });

  test("a step that was asked for by name, and has no such file, runs nothing and says so", async () => {
    const { steps, databaseFiles } = readWords(["contract/", "--only", "postgres"]);
    expect([...steps]).toEqual(["postgres"]);
    const result = demandTests(
      await runBunStep({ step: "postgres", files: databaseFiles, namePattern: undefined, env: {} }),
    );
    expect(hasFailed([result])).toBe(false);
    expect(lastLine(renderReport([result]))).toBe("0 passed, 0 failed, 1 skipped");
  });

  test("an unknown step is refused with the known ones", () => {
    expect(() => readWords(["--only", "mysql"])).toThrow("embedded");
  });
});
