import { type BunStep, runBunStep } from "./bun-step.ts";
import { findPostgresBinaries, startPostgres } from "./postgres-server.ts";
import { type StepResult, skippedStep } from "./report.ts";

const step = "postgres";

/** Runs what depends on the database once more on real Postgres: the given one, or an installed one started for this. */
export async function runPostgresStep(options: Pick<BunStep, "files" | "namePattern">): Promise<StepResult> {
  const given = process.env.HEADRACE_TEST_DATABASE_URL;
  const run = (url: string): Promise<StepResult> =>
    runBunStep({ ...options, step, env: { HEADRACE_TEST_DATABASE: step, HEADRACE_TEST_DATABASE_URL: url } });
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
