import type { Repository } from "./repository.ts";

export type Finding = { readonly file: string; readonly line: number; readonly message: string };

export type Outcome = {
  /** How many things (files, imports …) the check has looked at. */
  readonly looked: number;
  readonly findings: readonly Finding[];
};

export type Check = {
  readonly name: string;
  run(repository: Repository): Outcome | Promise<Outcome>;
};

export type CheckResult = Outcome & { readonly name: string };

/** Runs a check. One that looked at nothing has proven nothing, so that is a finding of its own. */
export async function runCheck(check: Check, repository: Repository): Promise<CheckResult> {
  const { looked, findings } = await check.run(repository);
  if (looked > 0) return { name: check.name, looked, findings };
  const nothing: Finding = { file: "tools/check", line: 0, message: `"${check.name}" looked at nothing` };
  return { name: check.name, looked, findings: [...findings, nothing] };
}

/** A finding as editors and terminals link it. */
export function renderFinding({ file, line, message }: Finding): string {
  return `  ${file}:${line}  ${message}`;
}
