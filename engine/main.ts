import { serveEngine } from "./http-server.ts";
import { log } from "./log.ts";
import { ModelPool } from "./model-pool.ts";
import type { EngineOptions } from "./protocol.ts";

/**
 * The engine's process. Its parent holds the other end of its stdin: when that closes, however the parent ended, this
 * process ends too. It says `ready` on stdout when its socket takes requests.
 */
function main(): void {
  const given = process.argv[2];
  if (given === undefined) throw new Error("the engine is started by the server, with its options as argument");
  const options = JSON.parse(given) as EngineOptions;
  const pool = new ModelPool(options);
  const server = serveEngine(options, pool);
  const leave = (): void => {
    pool.close();
    process.exit(0);
  };
  process.stdin.on("end", leave).on("close", leave).on("error", leave).resume();
  process.once("SIGTERM", () => {
    server.stop().then(leave, (error: unknown) => {
      log("error", "the engine did not stop cleanly", { error: String(error) });
      process.exit(1);
    });
  });
  process.stdout.write("ready\n");
}

main();
