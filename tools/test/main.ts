import { readRepository } from "../check/repository.ts";
import { root } from "../common/root.ts";
import { runBunStep } from "./bun-step.ts";
import { runChecksStep } from "./checks-step.ts";
import { databaseTestsOf } from "./database-tests.ts";
import { runNodeStep } from "./node-step.ts";
import { readOptions, type StepName } from "./options.ts";
import { runPostgresStep } from "./postgres-step.ts";
import { runPythonStep } from "./python-step.ts";
import { demandTests, hasFailed, renderReport, type StepResult } from "./report.ts";

async function main(): Promise<void> {
  const repository = readRepository(root);
  const paths = repository.files.map(({ path }) => path);
  const options = readOptions(process.argv.slice(2), paths, databaseTestsOf(repository));
  const { steps, files, nodeFiles, namePattern } = options;
  const embedded = { step: "embedded", files, namePattern, env: { HEADRACE_TEST_DATABASE: "embedded" } };
  const runs: readonly [StepName, () => Promise<StepResult>][] = [
    ["checks", runChecksStep],
    ["embedded", () => runBunStep(embedded)],
    ["postgres", () => runPostgresStep(options)],
    ["node", () => runNodeStep(nodeFiles)],
    ["python", runPythonStep],
  ];
  const results: StepResult[] = [];
  for (const [name, run] of runs.filter(([name]) => steps.has(name))) {
    process.stdout.write(`\n--- ${name}\n`);
    results.push(demandTests(await runOwned(name, run)));
  }
  process.exitCode = hasFailed(results) ? 1 : 0;
  process.stdout.write(renderReport(results));
}

/** A step that breaks is a failure with a name, so that the others still run and the last line still comes. */
async function runOwned(name: StepName, run: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await run();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { step: name, passed: 0, failures: [{ name, detail }], skips: [] };
  }
}

try {
  await main();
} catch (error) {
  process.exitCode = 2;
  process.stderr.write(`npm test: ${error instanceof Error ? error.message : String(error)}\n`);
}
