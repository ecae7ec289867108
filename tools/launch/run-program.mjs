import { spawn } from "node:child_process";
import { constants } from "node:os";
import { LaunchError } from "./launch-error.mjs";
import { runtimeEnvironment } from "./runtime-environment.mjs";

/** A terminal's Ctrl-C arrives from the terminal and again from npm; a person who presses twice takes longer. */
const sameSignalMs = 500;
const forwardedSignals = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Bun's own habits that a server must not have: reading a .env file that happens to lie about, downloading modules
 * that are not installed.
 */
const bunFlags = ["--no-env-file", "--no-install"];

const environment = { ...runtimeEnvironment, ...process.env };

/**
 * Runs a program on Bun with this process's terminal, working folder and environment.
 * Where Node can (22.15 and newer), the process becomes the program; not under npm, which sends Ctrl-C a second time.
 * @returns the program's exit code; 128 and the signal's number where a signal ended it
 */
export async function runProgram(bun, program, programArguments) {
  if (process.execve && !process.env.npm_lifecycle_event) {
    process.execve(bun, [bun, ...bunFlags, program, ...programArguments], environment);
  }
  // `detached` takes the program out of the terminal's signal group, so that each signal comes through here, once;
  // `--no-orphans` ends it should this process be killed.
  const child = spawn(bun, ["--no-orphans", ...bunFlags, program, ...programArguments], {
    stdio: "inherit",
    env: environment,
    detached: true,
  });
  forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new LaunchError(`Bun could not be started: ${error.message}`)));
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function forwardSignals(child) {
  const lastAtMs = new Map();
  for (const signal of forwardedSignals) {
    process.on(signal, () => {
      const nowMs = performance.now();
      if (nowMs - (lastAtMs.get(signal) ?? Number.NEGATIVE_INFINITY) < sameSignalMs) return;
      lastAtMs.set(signal, nowMs);
      child.kill(signal);
    });
  }
}
