import { root } from "../common/root.ts";
import { runCommand } from "../common/run-command.ts";
import { type StepResult, skippedStep } from "./report.ts";

const step = "node";

/** Runs the official Node SDK's conformance tests under Node itself, as its users do; counted from the TAP summary. */
export async function runNodeStep(files: readonly string[]): Promise<StepResult> {
  if (files.length === 0) return skippedStep(step, "there is no conformance/node/*.test.mjs");
  const { stdout, exitCode } = await runCommand(
    "node",
    ["--test", "--test-concurrency=2", "--test-reporter=tap", ...files],
    {
      cwd: root,
      env: { ...process.env, HEADRACE_BUN: process.execPath },
      show: true,
    },
  );
  return readTap(stdout, exitCode);
}

/** A failed test, with the block of details that follows it. */
const failedPattern =
  /^(?<indent> *)not ok \d+ - (?<name>.*)(?:\n\k<indent> {2}---\n(?<block>[\s\S]*?)\n\k<indent> {2}\.\.\.$)?/gm;

/** Reads the summary and the failed leaves of a TAP report. */
export function readTap(tap: string, exitCode: number): StepResult {
  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
  const failures = [...tap.matchAll(failedPattern)].flatMap(({ groups }) => {
    const { name = "", block = "" } = groups ?? {};
    // A parent fails with its children; they are told, it is not.
    if (block.includes("failureType: 'subtestsFailed'")) return [];
    return [{ name, detail: /^ *error: (.*)$/m.exec(block)?.[1] ?? "see its output above" }];
  });
  const skips = [...tap.matchAll(/^ *ok \d+ - (?<name>.*?) # SKIP ?(?<reason>.*)$/gm)].map(({ groups }) => ({
    name: groups?.name ?? "",
    reason: groups?.reason || "marked as skipped",
  }));
  if (exitCode !== 0 && failures.length === 0)
    failures.push({ name: step, detail: `node --test ended with ${exitCode}` });
  return { step, passed: count("pass"), failures, skips };
}
