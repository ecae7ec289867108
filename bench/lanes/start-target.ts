import { type StdioOptions, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onGatewayCore } from "./placement.ts";
import type { RunningTarget, Target } from "./target.ts";

const startMsMax = 120_000;
const stopMsMax = 5_000;

export type TargetStart = Pick<Target, "name" | "does" | "headers" | "apiKeys"> & {
  /** It listens on this port of the loopback. */
  readonly command: (port: number) => readonly string[];
  /** Where it runs, and where its output is kept; without one it runs here, and what it says of errors is shown. */
  readonly folder?: string;
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Starts a program on the gateway's core and waits until it answers.
 * @throws Error where it ends before that, or takes longer than two minutes.
 */
export async function startTarget(start: TargetStart): Promise<RunningTarget> {
  const { name, does, headers, apiKeys, folder, environment } = start;
  const port = await freePort();
  const [program = "", ...words] = [...onGatewayCore, ...start.command(port)];
  const log = folder === undefined ? undefined : openSync(join(folder, "log"), "w");
  const stdio: StdioOptions = log === undefined ? ["ignore", "ignore", "inherit"] : ["ignore", log, log];
  const child = spawn(program, words, { cwd: folder, stdio, env: { ...process.env, ...environment } });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = new URL(`http://127.0.0.1:${port}`);
  const deadlineMs = performance.now() + startMsMax;
  while (!(await answersAt(url))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`${name} did not start`);
    await sleep(250);
  }
  return {
    name,
    does,
    url,
    headers,
    apiKeys,
    processes: { gateway: child.pid ?? 0 },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await Promise.race([exited, sleep(stopMsMax)]);
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function answersAt(url: URL): Promise<boolean> {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return promise;
}
