#!/usr/bin/env node
// The one program that plain Node runs: it brings the dependencies, finds Bun among them, and hands over.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBun } from "./launch/bun-binary.mjs";
import { ensureDependencies } from "./launch/dependencies.mjs";
import { LaunchError } from "./launch/launch-error.mjs";
import { runProgram } from "./launch/run-program.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const programs = {
  serve: "server/main.ts",
  cli: "server/cli/main.ts",
  check: "tools/check/main.ts",
  generate: "tools/generate/main.ts",
  test: "tools/test/main.ts",
  bench: "bench/main.ts",
  soak: "bench/soak.ts",
  reconcile: "bench/reconcile/main.ts",
};

async function main([command, ...programArguments]) {
  if (!Object.hasOwn(programs, command ?? "")) {
    throw new LaunchError(`usage: node tools/launch.mjs ${Object.keys(programs).join("|")} [arguments]`, 2);
  }
  const program = join(root, programs[command]);
  if (!existsSync(program)) {
    throw new LaunchError(`"${command}" is not here: this checkout has no ${programs[command]}.`, 2);
  }
  await ensureDependencies(root);
  return runProgram(findBun(root), program, programArguments);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  process.stderr.write(`headrace: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
