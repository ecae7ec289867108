import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import type { ChildSettings, MessageFromChild, MessageToChild } from "./child-messages.ts";

/** The end of a child: why, as far as it could say. */
export type ChildEnd = { readonly reason: string };

/** One running child of the supervisor. */
export class DatabaseChild {
  readonly #process: ChildProcess;
  #pingNumber = 0;
  #pingSentAt: number | undefined;
  #failure: string | undefined;
  #lastWords = "";
  readonly ready: Promise<{ serverVersion: string }>;
  /** Always resolves. */
  readonly ended: Promise<ChildEnd>;

  constructor(settings: ChildSettings, onWarning: (reason: string) => void) {
    const child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(settings)], {
      execPath: process.execPath,
      execArgv: [],
      // It needs nothing of the parent's environment, least of all its secrets.
      env: { PATH: "", TZ: "UTC" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process = child;
    if (child.pid !== undefined) yieldToServer(child.pid);
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-lastWordsLengthMax);
    });
    const ready = Promise.withResolvers<{ serverVersion: string }>();
    // Whoever waits for `ready` gets the failure; where nobody does, it is in `ended` too.
    ready.promise.catch(() => undefined);
    const ended = Promise.withResolvers<ChildEnd>();
    child.on("message", (message: MessageFromChild) => {
      if (message.type === "ready") ready.resolve({ serverVersion: message.serverVersion });
      else if (message.type === "failed") this.#failure = message.reason;
      else if (message.type === "warning") onWarning(message.reason);
      else if (message.number === this.#pingNumber) this.#pingSentAt = undefined;
    });
    const end = (how: string) => {
      const reason = [this.#failure ?? how, this.#lastWords.trim()].filter((part) => part !== "").join(": ");
      ready.reject(new Error(`the embedded database ended: ${reason}`));
      ended.resolve({ reason });
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    this.ready = ready.promise;
    this.ended = ended.promise;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Asks for a sign of life, unless one is still awaited. Returns for how many milliseconds it has been. */
  ping(): number {
    if (this.#pingSentAt !== undefined) return performance.now() - this.#pingSentAt;
    this.#pingSentAt = performance.now();
    this.#pingNumber += 1;
    this.#send({ type: "ping", number: this.#pingNumber });
    return 0;
  }

  /** Asks it to end by itself. */
  stop(): void {
    this.#send({ type: "stop" });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #send(message: MessageToChild): void {
    // A child that can't be told any more is ending: `ended` says so.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }
}

/**
 * Where both share a core, the child's long statements (usage is folded each second) would hold up the answers to
 * callers for milliseconds each. A child that is gone already has no priority.
 */
function yieldToServer(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

const lastWordsLengthMax = 2_000;
