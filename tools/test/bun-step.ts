import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../common/root.ts";
import { runCommand } from "../common/run-command.ts";
import { readJunit } from "./junit.ts";
import { type StepResult, skippedStep } from "./report.ts";

/** How many test files run at once; more only makes them wait for each other on small machines. */
const parallelFilesMax = 2;
const testTimeoutMs = 30_000;

export type BunStep = {
  readonly step: string;
  /** Test files below the root. */
  readonly files: readonly string[];
  /** Only tests whose full name matches this expression. */
  readonly namePattern: string | undefined;
  readonly env: Record<string, string>;
};

/** Runs test files by `bun test`, each in a global of its own, and counts from its report. */
export async function runBunStep({ step, files, namePattern, env }: BunStep): Promise<StepResult> {
  // `bun test` without a file runs every file that it finds.
  if (files.length === 0) return skippedStep(step, "none of its files was chosen");
  const folder = await mkdtemp(join(tmpdir(), "headrace-test-"));
  const reportPath = join(folder, "report.xml");
  try {
    const { exitCode } = await runCommand(
      process.execPath,
      [
        "--no-env-file",
        "test",
        `--parallel=${parallelFilesMax}`,
        `--timeout=${testTimeoutMs}`,
        "--only-failures",
        "--reporter=junit",
        `--reporter-outfile=${reportPath}`,
        ...(namePattern === undefined ? [] : [`--test-name-pattern=${namePattern}`]),
        ...files.map((file) => `./${file}`),
      ],
      { cwd: root, env: { ...process.env, HEADRACE_BUN: process.execPath, ...env }, show: true },
    );
    const report = readJunit(await readFile(reportPath, "utf8").catch(() => ""));
    const skips = namePattern === undefined ? report.skips : [];
    const failures = [...report.failures];
    for (const file of files) {
      if (namePattern === undefined && !report.files.has(file)) {
        failures.push({ name: file, detail: "the file could not be loaded, or holds no test; see its output above" });
      }
    }
    if (exitCode !== 0 && failures.length === 0) {
      failures.push({ name: step, detail: `bun test ended with ${exitCode} although no test failed; see above` });
    }
    return { step, passed: report.passed, failures, skips };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
