import { existsSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "../adapters/logger/json-logger.ts";
import { loadConfig } from "../config/config.ts";
import { unixSocketPath } from "../config/socket-path.ts";
import { connectControl } from "../control/control-client.ts";
import { ControlError, type ControlService } from "../control/control-service.ts";
import { createLocalControl } from "../control/local-control.ts";
import { FolderInUseError } from "../database/embedded/folder-lock.ts";
import { openFoundation } from "../foundation.ts";
import type { CommandContext } from "./run-command.ts";

/**
 * Runs `work` on the server that has the data folder.
 * @throws ControlError where there is none
 */
export async function withRunningServer<Result>(
  { environment, cwd }: CommandContext,
  work: (service: ControlService) => Promise<Result>,
): Promise<Result> {
  const { dataFolder } = loadConfig(environment, cwd);
  const socketPath = unixSocketPath(dataFolder, "control.sock");
  if (!existsSync(socketPath)) throw new ControlError(`No server runs on ${dataFolder}. Start one with 'npm start'.`);
  return work(connectControl(socketPath));
}

/** Runs `work` on the server that has the data folder, or on the folder itself where there is none. */
export async function withControl<Result>(
  { environment, cwd }: CommandContext,
  work: (service: ControlService) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig(environment, cwd);
  const logger = createLogger({
    level: "warn",
    stream: process.stderr,
    bufferBytesMax: config.limits.logBufferBytesMax,
  });
  try {
    await using foundation = await openFoundation(config, logger);
    if (foundation.firstKeys) {
      process.stderr.write(`First start: the first keys are in ${join(config.dataFolder, "first-keys.json")}\n`);
    }
    return await work(
      createLocalControl({
        operator: { db: foundation.database.db, keys: foundation.keys, refreshKeys: async () => {} },
        library: foundation.library,
        audit: foundation.audit,
        onModelsChanged: async () => {},
      }),
    );
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    const socketPath = unixSocketPath(config.dataFolder, "control.sock");
    if (!existsSync(socketPath))
      throw new ControlError(`${error.message}, and it takes no commands yet. Try again in a moment.`);
    return work(connectControl(socketPath));
  }
}
