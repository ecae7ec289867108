import { parseArgs } from "node:util";
import { startUpstream } from "./upstream.ts";

/** `bun bench/upstream/main.ts [--journal file] [--slots n --service-ms n]`: the upstream as a process of its own. */
function main(): void {
  const { values } = parseArgs({
    options: { journal: { type: "string" }, slots: { type: "string" }, "service-ms": { type: "string" } },
  });
  const upstream = startUpstream({
    journal: values.journal,
    slotsMax: Number(values.slots ?? "Infinity"),
    serviceMs: Number(values["service-ms"] ?? "0"),
  });
  const stop = (): void => {
    upstream.stop();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.stdout.write(`upstream ready on ${upstream.baseUrl}\n`);
}

main();
