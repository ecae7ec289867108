import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../common/root.ts";
import { runCommand } from "../common/run-command.ts";
import { type StepResult, skippedStep } from "./report.ts";

const step = "python";
const suite = "conformance/python";

/** Runs the official Python SDK's conformance tests by unittest, in a virtual environment of our own. */
export async function runPythonStep(): Promise<StepResult> {
  if (!existsSync(join(root, suite))) return skippedStep(step, `there is no ${suite}`);
  const python = await preparePython();
  if ("reason" in python) return skippedStep(step, python.reason);
  const { stderr, exitCode } = await runCommand(python.program, ["-m", "unittest", "discover", "-v", "-s", suite], {
    cwd: root,
    env: { ...process.env, HEADRACE_BUN: process.execPath, PYTHONDONTWRITEBYTECODE: "1" },
    show: true,
  });
  return readUnittest(stderr, exitCode);
}

/** Makes (or finds again) the virtual environment with what requirements.txt names. */
async function preparePython(): Promise<{ program: string } | { reason: string }> {
  const requirements = join(suite, "requirements.txt");
  const version = await runCommand("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
    cwd: root,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (version?.exitCode !== 0) return { reason: "there is no python3" };
  const wanted = (await readFile(join(root, requirements), "utf8")).trim().replaceAll(/[^\w.=]+/g, "-");
  const folder = join(root, "node_modules", ".cache", "headrace-python", `${version.stdout.trim()}-${wanted}`);
  const program = join(folder, "bin", "python");
  if (existsSync(join(folder, "ready"))) return { program };
  await mkdir(folder, { recursive: true });
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ["python3", ["-m", "venv", "--clear", folder]],
    [program, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]],
    [program, ["-c", `open(${JSON.stringify(join(folder, "ready"))}, "w").close()`]],
  ];
  for (const [command, commandArguments] of steps) {
    const { exitCode, stdout, stderr } = await runCommand(command, commandArguments, { cwd: root });
    const lastLine = `${stdout}${stderr}`.trim().split("\n").at(-1) ?? "";
    if (exitCode !== 0) return { reason: `${commandArguments.slice(0, 2).join(" ")} failed: ${lastLine}` };
  }
  return { program };
}

/** Reads unittest's verbose output: one line for each test, and the sum at the end. */
export function readUnittest(output: string, exitCode: number): StepResult {
  const run = Number(/^Ran (\d+) tests? in /m.exec(output)?.[1] ?? 0);
  const failures = [
    ...output.matchAll(/^(?:FAIL|ERROR): (?<name>.*)\n(?:.*\n)?-{70}\n(?<detail>[\s\S]*?)(?=\n={70}\n|\n-{70}\n)/gm),
  ].map(({ groups }) => ({ name: groups?.name ?? "", detail: groups?.detail ?? "" }));
  const skips = [...output.matchAll(/^(?<name>.*?) \.\.\. skipped ["'](?<reason>.*)["']$/gm)].map(({ groups }) => ({
    name: groups?.name ?? "",
    reason: groups?.reason ?? "",
  }));
  if (exitCode !== 0 && failures.length === 0) failures.push({ name: step, detail: `unittest ended with ${exitCode}` });
  return { step, passed: Math.max(0, run - failures.length - skips.length), failures, skips };
}
