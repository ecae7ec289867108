import { parseArgs } from "node:util";
import { describeLoad, describeMachine } from "./machine.ts";
import { backgroundResponses } from "./soaks/background-responses.ts";
import { renderSoak, type Soak } from "./soaks/soak-result.ts";
import { strictSchemas } from "./soaks/strict-schemas.ts";

/** `npm run soak -- [--only name]`: long tests, under faults or of many cases; ends with code 1 where a promise was broken. */
const soaks: Record<string, () => Promise<Soak>> = {
  "background-responses": backgroundResponses,
  "strict-schemas": strictSchemas,
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  process.stdout.write(`${describeMachine()}\n\n`);
  for (const name of values.only ?? Object.keys(soaks)) {
    const run = soaks[name];
    if (run === undefined) throw new Error(`--only ${name}: there are ${Object.keys(soaks).join(", ")}`);
    process.stderr.write(`${name} (${describeLoad()})\n`);
    const result = await run();
    process.stdout.write(renderSoak(result));
    if (result.broken.length > 0) process.exitCode = 1;
  }
}

await main();
