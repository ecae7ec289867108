/**
 * Entry point of the process that holds the embedded database. It lives no longer than its parent, and ends itself
 * whenever the session can't be trusted: opening the folder again is quick and loses nothing that was acknowledged.
 */
import { rmSync } from "node:fs";
import { type ChildSettings, exitCodes, type MessageFromChild, type MessageToChild } from "./child-messages.ts";
import { acquireFolderLock } from "./folder-lock.ts";
import { type Front, serveFront } from "./front.ts";
import { InternalClient } from "./internal-client.ts";
import { keepMaintained } from "./maintenance.ts";
import { PGliteEngine } from "./pglite-engine.ts";

/** How long to wait for a child of an earlier parent that was killed, until it has noticed and let go of the folder. */
const predecessorMsMax = 10_000;
/** After this, a last checkpoint is not waited for any longer. */
const stopMsMax = 5_000;

const stopping = new AbortController();

function tell(message: MessageFromChild): void {
  // A parent that is gone ends this process by the event "disconnect".
  if (process.connected) process.send?.(message);
}

function fail(exitCode: number, error: unknown): never {
  tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
  process.exit(exitCode);
}

async function stop(front: Front, engine: PGliteEngine): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  setTimeout(() => process.exit(0), stopMsMax);
  await front.close();
  await engine.close();
  process.exit(0);
}

async function main(): Promise<void> {
  const settings: ChildSettings = JSON.parse(process.argv[2] ?? "");
  await acquireFolderLock(settings.lockFolder, { name: "database.lock", waitMsMax: predecessorMsMax });
  const engine = await PGliteEngine.open(settings.databaseFolder);
  const serverVersion = await engine.serverVersion();
  rmSync(settings.socketPath, { force: true });
  const front = await serveFront({
    engine,
    socketPath: settings.socketPath,
    serverVersion,
    onFault: (error) => fail(exitCodes.sessionBroke, error),
  });

  const onStop = () => {
    stop(front, engine).catch((error) => fail(exitCodes.sessionBroke, error));
  };
  process.on("disconnect", onStop);
  process.on("message", (message: MessageToChild) => {
    if (message.type === "ping") tell({ type: "pong", number: message.number });
    else onStop();
  });
  // A terminal sends Ctrl-C to the whole group: the parent decides when the database goes, after its last statement.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

  const client = new InternalClient(front.scheduler);
  keepMaintained(client, stopping.signal, (error) => tell({ type: "warning", reason: String(error) })).catch((error) =>
    fail(exitCodes.sessionBroke, error),
  );
  tell({ type: "ready", serverVersion });
}

main().catch((error) => fail(exitCodes.openFailed, error));
