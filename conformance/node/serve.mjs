/**
 * Starts a real server with the real local models, as its own process, and prints one JSON line with its address and
 * key. Ends, and ends the server, when its standard input is closed.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Downloads are shared by all test runs of a machine. */
const modelsFolder = process.env.HEADRACE_TEST_MODELS ?? join(tmpdir(), "headrace-test-models");

export const chatModel = "smollm2-135m-instruct";
export const embeddingModel = "all-minilm-l6-v2";

/** @returns {Promise<{ baseUrl: string, apiKey: string, pid: number, stop(): Promise<void> }>} */
export async function startServer(environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), "headrace-conformance-"));
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  mkdirSync(modelsFolder, { recursive: true });
  symlinkSync(modelsFolder, join(data, "models"));
  const bun = process.env.HEADRACE_BUN ?? join(root, "node_modules", ".bin", "bun");
  const child = spawn(bun, [join(root, "server", "main.ts")], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      HEADRACE_DATA: data,
      HEADRACE_PORT: "0",
      HEADRACE_MODELS: `${chatModel},${embeddingModel}`,
      ...environment,
    },
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const baseUrl = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const ready = /^headrace ready on (\S+)$/.exec(line);
      if (ready) resolve(`${ready[1]}/v1`);
    });
    exited.then((code) => reject(new Error(`The server ended with code ${code} before it was ready.`)));
  });
  const apiKey = JSON.parse(readFileSync(join(data, "first-keys.json"), "utf8")).project;
  return {
    baseUrl,
    apiKey,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { stop, ...server } = await startServer();
  process.stdout.write(`${JSON.stringify(server)}\n`);
  process.stdin.on("close", () => void stop()).resume();
}
