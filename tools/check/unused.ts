import { join } from "node:path";
import { runCommand } from "../common/run-command.ts";
import type { Check, Finding } from "./check.ts";
import { codeFiles } from "./repository.ts";

type Issue = { name: string; line?: number };
type KnipReport = { issues: ({ file: string } & Record<string, unknown>)[] };

function isIssue(value: unknown): value is Issue {
  return typeof value === "object" && value !== null && typeof (value as Issue).name === "string";
}

function findingsOf(entry: KnipReport["issues"][number]): readonly Finding[] {
  return Object.entries(entry).flatMap(([kind, issues]) => {
    if (!Array.isArray(issues)) return [];
    return issues.flat().flatMap((issue: unknown) => {
      if (!isIssue(issue)) return [];
      return [
        { file: entry.file, line: issue.line ?? 0, message: `${issue.name} is of no use to anybody (knip: ${kind})` },
      ];
    });
  });
}

/** Files, exports and dependencies that nobody uses, by knip; knip.json says where programs begin. */
export const unused: Check = {
  name: "unused code",
  async run(repository) {
    const program = join(repository.root, "node_modules", "knip", "bin", "knip.js");
    const commandArguments = [program, "--reporter", "json", "--no-progress"];
    const { stdout, stderr, exitCode } = await runCommand(process.execPath, commandArguments, { cwd: repository.root });
    const json = stdout.slice(stdout.indexOf("{"));
    if (json === "" || exitCode > 1) throw new Error(`knip wrote no report: ${stdout}${stderr}`);
    const { issues } = JSON.parse(json) as KnipReport;
    return { looked: codeFiles(repository).length, findings: issues.flatMap(findingsOf) };
  },
};
