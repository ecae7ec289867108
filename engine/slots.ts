import { ApiError } from "@headrace/contract/common/errors.ts";

type Waiter<Slot> = { readonly group: string | undefined; resolve(slot: Slot): void; reject(reason: unknown): void };

export type SlotWish<Slot> = {
  /** Takes one of several free places; otherwise it is the one that has been free longest. */
  readonly choose?: (free: readonly Slot[]) => Slot | undefined;
  /** Those who wait go in the order of asking, but no two of one group while another group waits. */
  readonly group?: string | undefined;
};

/** A fixed number of places, handed out in turn, with a bounded queue. */
export class Slots<Slot> {
  readonly #free: Slot[];
  readonly #waiting: Waiter<Slot>[] = [];
  readonly #waitingMax: number;
  #latestGroup: string | undefined;

  constructor(slots: readonly Slot[], waitingMax: number) {
    this.#free = [...slots];
    this.#waitingMax = waitingMax;
  }

  /**
   * Waits for a place; give it back with `release`. Throws an ApiError `server_is_overloaded` where the queue is full,
   * and the signal's reason when the caller leaves the queue.
   */
  async acquire(signal: AbortSignal, { choose, group }: SlotWish<Slot> = {}): Promise<Slot> {
    signal.throwIfAborted();
    const slot = choose?.(this.#free) ?? this.#free[0];
    if (slot !== undefined) {
      this.#free.splice(this.#free.indexOf(slot), 1);
      this.#latestGroup = group;
      return slot;
    }
    if (this.#waiting.length >= this.#waitingMax)
      throw new ApiError("server_is_overloaded", "The local engine is busy and its queue is full. Try again shortly.", {
        retryAfterSeconds: 1,
      });
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const waiter: Waiter<Slot> = { group, resolve, reject };
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
    const other = this.#waiting.findIndex(({ group }) => group !== this.#latestGroup);
    const [next] = this.#waiting.splice(Math.max(0, other), 1);
    if (next === undefined) return void this.#free.push(slot);
    this.#latestGroup = next.group;
    next.resolve(slot);
  }
}
