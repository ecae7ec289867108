import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { addToLedger } from "./ledger.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { backgroundResponses } from "./soaks/background-responses.ts";
import { everyBrokenBuild } from "./soaks/broken-builds.ts";
import { generatedRequests } from "./soaks/generated-requests.ts";
import { leavingClients } from "./soaks/leaving-clients.ts";
import { processFaults } from "./soaks/process-faults.ts";
import { slowClients } from "./soaks/slow-clients.ts";
import { renderSoak, type Soak } from "./soaks/soak-result.ts";
import { strictSchemas } from "./soaks/strict-schemas.ts";
import { validatedStreams } from "./soaks/validated-streams.ts";
import { wireFaults } from "./soaks/wire-faults.ts";

/**
 * `npm run soak -- [--only name] [--seed number] [--write]`: long tests under faults; ends with code 1 where a promise
 * was broken. `--write` adds a line for each to docs/reliability/ledger.jsonl, which only grows.
 */
const soaks: Record<string, (seed: number) => Promise<Soak>> = {
  "background-responses": backgroundResponses,
  "strict-schemas": strictSchemas,
  "validated-streams": validatedStreams,
  "generated-requests": generatedRequests,
  "wire-faults": wireFaults,
  "leaving-clients": leavingClients,
  "slow-clients": slowClients,
  ...processFaults,
  "broken-builds": everyBrokenBuild,
};

const seedsMax = 2 ** 31;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      seed: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed ?? randomInt(seedsMax));
  if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} is no whole number`);
  process.stdout.write(`${describeMachine()}\n\n`);
  for (const name of values.only ?? Object.keys(soaks)) {
    const run = soaks[name];
    if (run === undefined) throw new Error(`--only ${name}: there are ${Object.keys(soaks).join(", ")}`);
    process.stderr.write(`${name} (${describeLoad()})\n`);
    const result = await run(seed);
    process.stdout.write(renderSoak(result));
    if (values.write) await addToLedger(name, result);
    if (result.broken.length > 0) process.exitCode = 1;
  }
}

await main();
