import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { unixSocketPath } from "../../config/socket-path.ts";
import type { Logger } from "../../ports/logger.ts";
import { Ballast } from "./ballast.ts";
import { DatabaseChild } from "./child-process.ts";
import { plantSeed } from "./seed.ts";

/** `failed`: several starts in a row came to nothing; it goes on trying, so that it comes back when the cause is gone. */
export type EmbeddedDatabaseState = "starting" | "ready" | "restarting" | "failed" | "stopped";

export type EmbeddedDatabaseOptions = {
  /** The server's data folder, which this process must hold the lock of (folder-lock.ts). */
  readonly dataFolder: string;
  readonly logger: Logger;
  /** A child that gives no sign of life for this long is killed: it also bounds how long one statement may run. */
  readonly hungMsMax?: number;
  readonly pingIntervalMs?: number;
};

const hungMsMaxDefault = 60_000;
const pingIntervalMsDefault = 1_000;
/** The first restart is immediate. */
const restartDelaysMs = [0, 100, 250, 500, 1_000, 2_000, 5_000];
const failedAfterStarts = 4;
const stopMsMax = 10_000;
/** A disk that was full may be full again soon. */
const ballastIntervalMs = 5_000;

/** Keeps one embedded database running in a child process. */
export class EmbeddedDatabase {
  readonly socketPath: string;
  readonly #options: EmbeddedDatabaseOptions;
  readonly #ballast: Ballast;
  readonly #databaseFolder: string;
  readonly #stopping = new AbortController();
  #child: DatabaseChild | undefined;
  #state: EmbeddedDatabaseState = "starting";
  #lastFailure: string | undefined;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedDatabaseOptions) {
    this.#options = options;
    this.#databaseFolder = join(options.dataFolder, "database");
    this.#ballast = new Ballast(options.dataFolder, join(options.dataFolder, "ballast"));
    this.socketPath = unixSocketPath(options.dataFolder, "database.sock");
  }

  /** Starts the child and resolves when it answers. Throws where the first start fails, with nothing left running. */
  static async start(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
    const database = new EmbeddedDatabase(options);
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    try {
      await database.#open();
    } catch (error) {
      if (!database.#makeRoom()) throw error;
      await database.#open();
    }
    database.#keeping = database.#keep();
    return database;
  }

  get state(): EmbeddedDatabaseState {
    return this.#state;
  }

  /** Why the child last ended or did not start. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the child after a last checkpoint; close all connections before. */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      this.#child?.stop();
    }
    await this.#keeping;
    this.#state = "stopped";
    rmSync(this.socketPath, { force: true });
    if (dirname(this.socketPath) !== this.#options.dataFolder) rmSync(dirname(this.socketPath), { recursive: true });
  }

  async #open(): Promise<void> {
    // It may open without, but then leave nothing to the usage journal.
    this.#makeRoom();
    if (plantSeed(this.#databaseFolder)) this.#options.logger.log("info", "made an embedded database from the seed");
    const child = new DatabaseChild(
      { databaseFolder: this.#databaseFolder, lockFolder: this.#options.dataFolder, socketPath: this.socketPath },
      (reason) => this.#options.logger.log("warn", "embedded database: maintenance failed", { reason }),
    );
    this.#child = child;
    try {
      await child.ready;
    } catch (error) {
      await child.ended;
      throw error;
    }
    this.#state = "ready";
  }

  /** Watches the child, and starts it anew whenever it ends, until `stop`. */
  async #keep(): Promise<void> {
    while (this.#child !== undefined) {
      const watched = this.#watch(this.#child);
      const { reason } = await this.#child.ended;
      await watched;
      if (this.#stopping.signal.aborted) return;
      this.#state = "restarting";
      this.#lastFailure = reason;
      this.#options.logger.log("error", "embedded database ended; starting it again", { reason });
      await this.#reopen();
    }
  }

  /** Tries until a start succeeds or `stop` is called. */
  async #reopen(): Promise<void> {
    for (let starts = 0; !this.#stopping.signal.aborted; starts++) {
      const waitMs = restartDelaysMs[Math.min(starts, restartDelaysMs.length - 1)] ?? 0;
      try {
        await delay(waitMs, undefined, { signal: this.#stopping.signal });
        await this.#open();
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#lastFailure = error instanceof Error ? error.message : String(error);
        if (starts + 1 >= failedAfterStarts) this.#state = "failed";
        this.#options.logger.log("error", "embedded database did not start", { reason: this.#lastFailure });
        this.#makeRoom();
      }
    }
  }

  /** Gives up the ballast where the disk is full; returns whether that made room. */
  #makeRoom(): boolean {
    if (!this.#ballast.isDiskFull || !this.#ballast.release()) return false;
    this.#options.logger.log("error", "the disk is full: gave up the ballast file so that the server can start", {
      folder: this.#options.dataFolder,
    });
    return true;
  }

  /** Pings the child and kills it when it hangs; looks after the ballast meanwhile. Ends with the child. */
  async #watch(child: DatabaseChild): Promise<void> {
    const ended = child.ended.then(() => true);
    const intervalMs = this.#options.pingIntervalMs ?? pingIntervalMsDefault;
    let ballastAt = 0;
    let stopAskedAt: number | undefined;
    for (;;) {
      if (performance.now() >= ballastAt) {
        this.#layBallast();
        ballastAt = performance.now() + ballastIntervalMs;
      }
      const silentMs = child.ping();
      if (this.#stopping.signal.aborted) {
        stopAskedAt ??= performance.now();
        child.stop();
      }
      const isHung = silentMs > (this.#options.hungMsMax ?? hungMsMaxDefault);
      const isOverdue = stopAskedAt !== undefined && performance.now() - stopAskedAt > stopMsMax;
      if (isHung || isOverdue) {
        this.#options.logger.log("error", "embedded database gave no sign of life: killing it", { silentMs });
        child.kill();
      }
      if (await Promise.race([ended, delay(intervalMs, false, { ref: false })])) return;
    }
  }

  #layBallast(): void {
    try {
      this.#ballast.lay();
    } catch (error) {
      this.#options.logger.log("warn", "the ballast file could not be written", { reason: String(error) });
    }
  }
}
