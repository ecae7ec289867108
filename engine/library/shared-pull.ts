import type { PullProgress } from "./install-model.ts";

type Listener = (progress: PullProgress) => void;

/** One running download that several callers wait for. It is aborted when the last of them has gone. */
export class SharedPull<Result> {
  readonly #abort = new AbortController();
  readonly #listeners = new Set<Listener>();
  readonly #result: Promise<Result>;
  #waiting = 0;
  #progress: PullProgress | undefined;

  constructor(start: (signal: AbortSignal, report: Listener) => Promise<Result>) {
    this.#result = start(this.#abort.signal, (progress) => {
      this.#progress = progress;
      for (const listener of this.#listeners) listener(progress);
    });
  }

  get progress(): PullProgress | undefined {
    return this.#progress;
  }

  /** All its callers have left: it is about to end, and nobody can join it any more. */
  get isAbandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Resolves when it has ended, however it did. */
  async settled(): Promise<void> {
    await this.#result.catch(() => undefined);
  }

  onSettled(callback: () => void): void {
    this.#result.then(callback, callback);
  }

  /** Waits for the result. Rejects with the signal's reason when this caller leaves. */
  async join(listener: Listener | undefined, signal: AbortSignal | undefined): Promise<Result> {
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    if (listener !== undefined) this.#listeners.add(listener);
    this.#waiting++;
    try {
      return await (signal === undefined ? this.#result : Promise.race([this.#result, left.promise]));
    } finally {
      signal?.removeEventListener("abort", leave);
      if (listener !== undefined) this.#listeners.delete(listener);
      this.#waiting--;
      if (this.#waiting === 0) this.#abort.abort(new DOMException("Nobody waits for this download.", "AbortError"));
    }
  }
}
