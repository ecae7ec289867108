import type { Logger } from "../ports/logger.ts";

export type Change = { readonly topic: string; readonly key: string };

export type ChangeSource = {
  /**
   * Everything that was committed since the last call, none left out; or that there were too many, all of which are then
   * passed by.
   */
  readNew(): Promise<readonly Change[] | "too many">;
};

export type ChangeHandler = {
  readonly topic: string;
  /** Brings the memory up to date with these keys. */
  apply(keys: readonly string[]): Promise<void>;
  /** Reads everything anew. */
  reload(): Promise<void>;
};

export type ChangeFeedOptions = { readonly pollMs: number; readonly reloadMs: number };

/**
 * Keeps what lives in memory in step with the database: tails the change log, and reads everything anew once in a while,
 * so that no single lost entry can stay lost.
 */
export class ChangeFeed {
  readonly #source: ChangeSource;
  readonly #handlers: readonly ChangeHandler[];
  readonly #options: ChangeFeedOptions;
  readonly #logger: Logger;
  #currentAtMs = Number.NEGATIVE_INFINITY;
  #reloadedAtMs = Number.NEGATIVE_INFINITY;
  /** Read, but not applied yet: kept when a handler fails, so that the next round applies it. */
  #pending: Change[] = [];
  #catchingUp: Promise<void> = Promise.resolve();
  #stopped = false;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(source: ChangeSource, handlers: readonly ChangeHandler[], options: ChangeFeedOptions, logger: Logger) {
    this.#source = source;
    this.#handlers = handlers;
    this.#options = options;
    this.#logger = logger;
  }

  /** Reads everything once, then follows. Rejects where the first read fails. */
  async start(): Promise<void> {
    await this.#catchUp();
    this.#running = this.#follow();
  }

  /** Applies now what is committed by now, so that this process knows it before it answers. */
  async refresh(): Promise<void> {
    await this.#catchUp();
  }

  /** Milliseconds since the memory was last known to agree with the database. */
  ageMs(): number {
    return performance.now() - this.#currentAtMs;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#options.pollMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (this.#stopped) return;
      try {
        await this.#catchUp();
      } catch (error) {
        this.#logger.log("warn", "the change log can't be read; trying again", { error: String(error) });
      }
    }
  }

  /** One look at a time: two would read the same entries twice, or apply them out of order. */
  #catchUp(): Promise<void> {
    const next = this.#catchingUp.then(
      () => this.#lookOnce(),
      () => this.#lookOnce(),
    );
    this.#catchingUp = next;
    return next;
  }

  async #lookOnce(): Promise<void> {
    const askedAtMs = performance.now();
    const news = await this.#source.readNew();
    // Stays so until everything was read anew, also where that fails now.
    if (news === "too many") this.#reloadedAtMs = Number.NEGATIVE_INFINITY;
    else this.#pending.push(...news);
    const reload = askedAtMs - this.#reloadedAtMs >= this.#options.reloadMs;
    for (const handler of this.#handlers) {
      const keys = this.#pending.filter((change) => change.topic === handler.topic).map((change) => change.key);
      if (reload) await handler.reload();
      else if (keys.length > 0) await handler.apply(keys);
    }
    this.#pending = [];
    if (reload) this.#reloadedAtMs = askedAtMs;
    this.#currentAtMs = askedAtMs;
  }
}
