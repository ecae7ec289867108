import { inspect } from "node:util";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { ConfigError } from "../config/config-error.ts";
import { ControlError } from "../control/control-service.ts";
import { FolderInUseError } from "../database/embedded/folder-lock.ts";
import { DatabaseTooNewError } from "../database/migrate.ts";
import { IdentityError } from "../identity/key-service.ts";
import { UsageError } from "./usage-error.ts";

/** Failures that need no stack: their message says what to do. */
const plainErrors = [
  ApiError,
  ConfigError,
  ControlError,
  DatabaseTooNewError,
  FolderInUseError,
  IdentityError,
  UsageError,
];

/**
 * Runs a program to its end and says what went wrong where it fails: exit code 2 for a command that can't be understood,
 * 1 for everything else.
 */
export async function reportFailure(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  if (plainErrors.some((kind) => error instanceof kind)) return error.message;
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return `${error.message}. Make room on the disk that HEADRACE_DATA is on, and start again.`;
  if (code === "EADDRINUSE") return `${error.message} Set HEADRACE_PORT to a free port, or end what uses this one.`;
  return inspect(error);
}
