import { renderFinding, runCheck } from "../check/check.ts";
import { checks } from "../check/checks.ts";
import { readRepository } from "../check/repository.ts";
import { root } from "../common/root.ts";
import type { Failure, StepResult } from "./report.ts";

/** Every check of `npm run check` counts as one test. */
export async function runChecksStep(): Promise<StepResult> {
  const repository = readRepository(root);
  const failures: Failure[] = [];
  for (const check of checks) {
    const { name, findings } = await runCheck(check, repository);
    if (findings.length > 0) failures.push({ name, detail: findings.map(renderFinding).join("\n") });
  }
  return { step: "checks", passed: checks.length - failures.length, failures, skips: [] };
}
