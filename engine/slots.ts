import { ApiError } from "@headrace/contract/common/errors.ts";

type Waiter<Slot> = { resolve(slot: Slot): void; reject(reason: unknown): void };

/** A fixed number of places, handed out in the order of asking, with a bounded queue. */
export class Slots<Slot> {
  readonly #free: Slot[];
  readonly #waiting: Waiter<Slot>[] = [];
  readonly #waitingMax: number;

  constructor(slots: readonly Slot[], waitingMax: number) {
    this.#free = [...slots];
    this.#waitingMax = waitingMax;
  }

  /**
   * Waits for a place; give it back with `release`. Where several are free, `choose` takes one of them, or else the one
   * that has been free longest. Throws an ApiError `server_is_overloaded` where the queue is full, and the signal's
   * reason when the caller leaves the queue.
   */
  async acquire(signal: AbortSignal, choose?: (free: readonly Slot[]) => Slot | undefined): Promise<Slot> {
    signal.throwIfAborted();
    const slot = choose?.(this.#free) ?? this.#free[0];
    if (slot !== undefined) {
      this.#free.splice(this.#free.indexOf(slot), 1);
      return slot;
    }
    if (this.#waiting.length >= this.#waitingMax)
      throw new ApiError("server_is_overloaded", "The local engine is busy and its queue is full. Try again shortly.", {
        retryAfterSeconds: 1,
      });
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const waiter: Waiter<Slot> = { resolve, reject };
    const leave = (): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(waiter);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  release(slot: Slot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next.resolve(slot);
  }
}
