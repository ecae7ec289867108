/** One thing that is wrong with the configuration. */
export type ConfigProblem = {
  /** The setting's name, or `headrace.yaml:12:5 providers[0].name`. */
  readonly name: string;
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
};

/** Everything that is wrong with the configuration, at once, so that nobody mends it one start at a time. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
    const lines = problems.map(({ name, problem, remedy }) => `  ${name}: ${problem}. ${remedy}`);
    super([`The configuration has ${count}:`, ...lines].join("\n"));
    this.problems = problems;
  }
}

/** The `code` of a file system error, for instance `ENOENT`. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
