/** Something that waits; `expire` is called once when it has waited for too long, and must not throw. */
export type Waiting = { readonly sinceMs: number; expire(): void };

/**
 * One timer for all that wait for the same length of time: who began first is due first, so only the first one's time is
 * watched. A timer for each request would cost more than what most of them wait.
 */
export class Deadlines {
  readonly #waitMs: number;
  readonly #waiting = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param waitMs how long anything may wait, in milliseconds. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (this.#timer === undefined) this.#watch(this.#waitMs);
  }

  remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** Whether it still waits. */
  has(waiting: Waiting): boolean {
    return this.#waiting.has(waiting);
  }

  #watch(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const dueMs = performance.now() - this.#waitMs;
    for (const waiting of this.#waiting) {
      if (waiting.sinceMs > dueMs) {
        this.#watch(waiting.sinceMs - dueMs);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.expire();
    }
  }
}
