import { unlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { EngineOptions, RegisteredModel } from "@headrace/engine/protocol.ts";
import type { LogFields, Logger, LogLevel } from "../../ports/logger.ts";

/** One run of the engine's child process: from its start to its end, whoever brought that about. */
export type EngineProcess = {
  readonly pid: number;
  /** Resolves when the process has ended, with what it ended with; never rejects. */
  readonly exited: Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Tells the engine of a model; does nothing where it knows it already. */
  register(model: RegisteredModel): Promise<void>;
  /** Lets running requests end, then ends; kills after `graceMs`. */
  stop(graceMs: number): Promise<void>;
};

const entryPoint = fileURLToPath(import.meta.resolve("@headrace/engine/main.ts"));
const startTimeoutMs = 10_000;

/** Starts the engine. Throws an ApiError `engine_failed` where it does not come up. */
export async function startEngineProcess(options: EngineOptions, logger: Logger): Promise<EngineProcess> {
  await unlink(options.socketPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  const child = Bun.spawn({
    cmd: [process.execPath, entryPoint, JSON.stringify(options)],
    // An open pipe as stdin: the child ends when it closes.
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const exited = child.exited.then(() => String(child.signalCode ?? `exit code ${child.exitCode}`));
  forwardLog(child.stderr, logger).catch((error: unknown) =>
    logger.log("warn", "engine log lost", { error: String(error) }),
  );
  const isReady = await Promise.race([firstBytes(child.stdout), exited.then(() => false), timeout(startTimeoutMs)]);
  if (!isReady) {
    child.kill("SIGKILL");
    throw new ApiError("engine_failed", "The local engine did not start.", { cause: await exited });
  }
  const known = new Map<string, string>();
  const request = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://engine${path}`, { ...init, unix: options.socketPath, decompress: false, keepalive: false });
  return {
    pid: child.pid,
    exited,
    fetch: request,
    async register(model) {
      const body = JSON.stringify(model);
      if (known.get(model.id) === body) return;
      const response = await request("/internal/models", { method: "POST", body });
      if (!response.ok) throw new Error(`the engine refused the model ${model.id}: ${response.status}`);
      known.set(model.id, body);
    },
    async stop(graceMs) {
      child.kill("SIGTERM");
      const stillThere = await Promise.race([exited.then(() => false), timeout(graceMs).then(() => true)]);
      if (stillThere === true) child.kill("SIGKILL");
      await exited;
    },
  };
}

async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = stream.getReader();
  const { done } = await reader.read();
  reader.releaseLock();
  return !done;
}

const timeout = (durationMs: number): Promise<false> =>
  new Promise((resolve) => setTimeout(() => resolve(false), durationMs).unref());

/** The engine logs JSON lines; what is none (a crash's last words) is passed on as it is. */
async function forwardLog(stream: ReadableStream<Uint8Array>, logger: Logger): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) forwardLine(line, logger);
  }
  if (rest !== "") forwardLine(rest, logger);
}

function forwardLine(line: string, logger: Logger): void {
  if (line.startsWith("{")) {
    const parsed = parseLine(line);
    if (parsed !== undefined) {
      logger.log(parsed.level, `engine: ${parsed.message}`, parsed.fields);
      return;
    }
  }
  if (line.trim() !== "") logger.log("warn", "engine: output", { line: line.slice(0, 500) });
}

function parseLine(line: string): { level: LogLevel; message: string; fields: LogFields } | undefined {
  try {
    const { level, message, ...fields } = JSON.parse(line) as { level: LogLevel; message: string };
    return { level, message, fields };
  } catch {
    // No JSON after all: the caller passes it on as text.
    return undefined;
  }
}
