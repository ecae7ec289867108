import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runtimeEnvironment } from "@headrace/tools/launch/runtime-environment.mjs";

/** A server in a process of its own. */
export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  /** Settles with the exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it was started with. */
  readonly settings: Readonly<Record<string, string>>;
  /** What it wrote so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** A request with the project's key, a JSON body where there is one. */
  send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response>;
};

/** The same for every process of an installation, so that any may come first. */
const projectKey = "headrace-test-project-key-0123456789abcdef";
const secret = "headrace-test-secret-0123456789abcdefghijklmnopqrstuvwxyz";
const program = join(fileURLToPath(new URL("..", import.meta.url)), "main.ts");

export async function startServerProcess(options: {
  /** Holds its data, and outlives it. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly yaml: string;
  /** A module that is run in the process before the server. */
  readonly preload?: string;
}): Promise<ServerProcess> {
  mkdirSync(options.folder, { recursive: true });
  writeFileSync(join(options.folder, "headrace.yaml"), options.yaml);
  const settings = {
    HEADRACE_DATA: join(options.folder, "data"),
    HEADRACE_PORT: "0",
    HEADRACE_MODELS: "none",
    HEADRACE_SECRET: secret,
    HEADRACE_BOOTSTRAP_KEY: projectKey,
    HEADRACE_LOG: "warn",
    HEADRACE_DRAIN_SECONDS: "0",
    ...options.environment,
  };
  const words = ["--no-env-file", ...(options.preload === undefined ? [] : ["--preload", options.preload]), program];
  const child = spawn(process.execPath, words, {
    cwd: options.folder,
    env: { PATH: process.env.PATH, HOME: options.folder, ...runtimeEnvironment, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      const ready = /^headrace ready on (\S+)$/m.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    exited.then(
      () => reject(new Error(`The server ended:\n${output}`)),
      (error) => reject(error),
    );
  });
  return {
    url,
    pid: child.pid ?? 0,
    exited,
    settings,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    send: (method, path, body, signal) =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${projectKey}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}
