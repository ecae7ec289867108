import { runBunStep } from "./bun-step.ts";
import type { Options } from "./options.ts";
import { findPostgresBinaries, startPostgres } from "./postgres-server.ts";
import { type StepResult, skippedStep } from "./report.ts";

const step = "postgres";

/**
 * Runs what depends on the database once more on real Postgres: the given one, or an installed one started for this.
 * Says how many files of the first pass are the same on any database.
 */
export async function runPostgresStep({ databaseFiles: files, otherFiles, namePattern }: Options): Promise<StepResult> {
  const given = process.env.HEADRACE_TEST_DATABASE_URL;
  const run = async (url: string): Promise<StepResult> => {
    const env = { HEADRACE_TEST_DATABASE: step, HEADRACE_TEST_DATABASE_URL: url };
    const result = await runBunStep({ step, files, namePattern, env });
    return otherFiles === 0
      ? result
      : { ...result, note: `${otherFiles} test files never reach a database and are run by the embedded step alone` };
  };
  if (given) return run(given);
  const binaries = await findPostgresBinaries();
  if (!binaries) {
    return skippedStep(step, "no Postgres 15 or newer is installed, and HEADRACE_TEST_DATABASE_URL is not set");
  }
  const server = await startPostgres(binaries);
  try {
    return await run(server.url);
  } finally {
    await server.stop();
  }
}
