import { inspect } from "node:util";
import { ConfigError } from "../config/config-error.ts";
import { readEnvironment } from "../config/environment.ts";
import { ControlError } from "../control/control-service.ts";
import { FolderInUseError } from "../database/embedded/folder-lock.ts";
import { IdentityError } from "../identity/key-service.ts";
import { runCommand, UsageError } from "./run-command.ts";

/** Failures that need no stack: their message says what to do. */
const plainErrors = [ConfigError, ControlError, FolderInUseError, IdentityError, UsageError];

async function main(): Promise<void> {
  try {
    await runCommand(process.argv.slice(2), { environment: readEnvironment(), cwd: process.cwd() });
  } catch (error) {
    const isPlain = plainErrors.some((kind) => error instanceof kind);
    process.stderr.write(`${isPlain && error instanceof Error ? error.message : inspect(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

await main();
