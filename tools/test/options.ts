import { parseArgs } from "node:util";

export const stepNames = ["checks", "embedded", "postgres", "node", "python"] as const;
export type StepName = (typeof stepNames)[number];

export type Options = {
  readonly steps: ReadonlySet<StepName>;
  readonly files: readonly string[];
  /** The files of the second pass: what depends on the database. */
  readonly databaseFiles: readonly string[];
  /** How many of the files are the same on any database: one pass runs them. */
  readonly otherFiles: number;
  readonly nodeFiles: readonly string[];
  readonly namePattern: string | undefined;
};

function isStepName(name: string): name is StepName {
  return stepNames.some((known) => known === name);
}

/**
 * Reads `npm test -- [filter] [--only step]`. A filter is part of a path; what no path holds is part of a test's name.
 * With a filter, only the steps that run files take part.
 * @param databaseTests which of the paths are tests that depend on the database.
 * @throws Error whose message is for the person who typed.
 */
export function readOptions(
  commandArguments: readonly string[],
  paths: readonly string[],
  databaseTests: ReadonlySet<string>,
): Options {
  const { values, positionals } = parseArgs({
    args: [...commandArguments],
    allowPositionals: true,
    options: { only: { type: "string", multiple: true } },
  });
  const only = values.only ?? [];
  for (const name of only) {
    if (!isStepName(name)) throw new Error(`--only ${name}: there are ${stepNames.join(", ")}`);
  }
  const [filter] = positionals;
  const testPaths = paths.filter((path) => /\.test\.(ts|tsx|mjs)$/.test(path));
  const matching = testPaths.filter((path) => filter === undefined || path.includes(filter));
  const isName = filter !== undefined && matching.length === 0;
  const chosen = isName ? testPaths : matching;
  const files = chosen.filter((path) => !path.endsWith(".mjs"));
  const databaseFiles = files.filter((path) => databaseTests.has(path));
  const nodeFiles = isName ? [] : chosen.filter((path) => path.startsWith("conformance/node/"));
  const filesOf: Partial<Record<StepName, readonly string[]>> = {
    embedded: files,
    postgres: databaseFiles,
    node: nodeFiles,
  };
  const steps = stepNames.filter((name) => {
    if (only.length > 0) return only.includes(name);
    return filter === undefined || (filesOf[name] ?? []).length > 0;
  });
  return {
    steps: new Set(steps),
    files,
    databaseFiles,
    otherFiles: files.length - databaseFiles.length,
    nodeFiles,
    namePattern: isName ? filter : undefined,
  };
}
