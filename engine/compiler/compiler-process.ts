import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { log } from "../log.ts";
import type { CompilerAnswer, CompilerTask } from "./compiler-protocol.ts";

const entryPoint = fileURLToPath(import.meta.resolve("./compiler-main.ts"));
/** A compiler that has grown beyond this is ended after its task, since it gives nothing back by itself. */
const keptBytesMax = 128_000_000;

/** What a compiler that does not answer in time is given up with. */
export class CompilerOutOfTime extends Error {}

/**
 * The process that grammars are made in: started at the first need, and again after it was ended or has crashed. A
 * process, not a thread: it can be ended at any moment, and takes nothing along when it crashes or has no memory left.
 */
export class CompilerProcess {
  #child: ChildProcess | undefined;
  #isBusy = false;
  #usedAtMs = 0;

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * One task at a time. Rejects with the signal's reason when the caller leaves, with CompilerOutOfTime after
   * `waitMsMax`, both of which end the process, and with an ApiError `engine_failed` where the process ends by itself.
   */
  async run(task: CompilerTask, waitMsMax: number, signal: AbortSignal): Promise<CompilerAnswer["outcome"]> {
    signal.throwIfAborted();
    this.#child ??= this.#start();
    const child = this.#child;
    this.#isBusy = true;
    const { promise, resolve, reject } = Promise.withResolvers<CompilerAnswer>();
    const leave = (): void => reject(signal.reason);
    const fail = (cause: unknown): void =>
      reject(new ApiError("engine_failed", "The local engine failed on the grammar of this request.", { cause }));
    const timer = setTimeout(() => reject(new CompilerOutOfTime()), waitMsMax);
    signal.addEventListener("abort", leave, { once: true });
    child.once("message", resolve).once("exit", fail).once("error", fail);
    try {
      child.send(task);
      const { outcome, residentBytes } = await promise;
      if (residentBytes > keptBytesMax) this.end();
      return outcome;
    } catch (error) {
      this.end();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      child.off("message", resolve).off("exit", fail).off("error", fail);
      this.#isBusy = false;
      this.#usedAtMs = performance.now();
    }
  }

  /** Ends a process that had no task since then (milliseconds of `performance.now()`). */
  endIdle(sinceMs: number): void {
    if (!this.#isBusy && this.#usedAtMs < sinceMs) this.end();
  }

  /** Ends the process, whatever it does. */
  end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const child = fork(entryPoint, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const forget = (how: unknown): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      log("error", "the grammar compiler ended", { how: String(how) });
    };
    child.on("exit", (code, killedBy) => forget(killedBy ?? code));
    child.on("error", forget);
    return child;
  }
}
