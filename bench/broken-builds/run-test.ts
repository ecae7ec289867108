import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runtimeEnvironment } from "@headrace/tools/launch/runtime-environment.mjs";
import { readJunit } from "@headrace/tools/test/junit.ts";
import type { BrokenBuild } from "./broken-build.ts";

/** What became of one named test: `none` where it did not run, as when its file could not be loaded. */
export type Outcome = { readonly kind: "passed" | "failed" | "skipped" | "none"; readonly detail: string };

const timeoutMs = 120_000;
const detailCharactersMax = 2_000;

/** Runs the test of a build in a copy of the work tree. */
export async function runTest(folder: string, build: BrokenBuild): Promise<Outcome> {
  const report = join(folder, "report.xml");
  await rm(report, { force: true });
  const output = await runInGroup(folder, build.needsPostgres ? "postgres" : "embedded", [
    "--no-env-file",
    "test",
    `--timeout=${timeoutMs}`,
    `--test-name-pattern=${build.testName.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    `./${build.test}`,
  ]);
  const { passed, failures, skips } = readJunit(await readFile(report, "utf8").catch(() => ""));
  const failure = failures.find(({ name }) => name.endsWith(build.testName));
  if (failure !== undefined) return { kind: "failed", detail: failure.detail };
  if (failures.length === 0 && passed > 0) return { kind: "passed", detail: "" };
  // The filter leaves out the other tests of the file; this one was skipped by itself.
  const isSkipped = failures.length === 0 && skips.some(({ name }) => name.endsWith(build.testName));
  return { kind: isSkipped ? "skipped" : "none", detail: output.slice(-detailCharactersMax) };
}

/** A test that fails may leave the processes behind that it has started: they go with its process group. */
function runInGroup(folder: string, database: string, words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, words, {
    cwd: folder,
    env: { ...runtimeEnvironment, ...process.env, HEADRACE_TEST_DATABASE: database },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      if (child.pid !== undefined) endGroup(child.pid);
      resolve(output);
    });
  });
}

function endGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    // Mostly nobody is left.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
