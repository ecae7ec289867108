import { ApiError } from "@headrace/contract/common/errors.ts";
import { Deadlines, type Waiting } from "../../common/deadlines.ts";
import type { ConcurrencyLimit } from "../../config/headrace-yaml.ts";
import type { CancelSignal } from "../../ports/cancel-signal.ts";
import type { UpstreamSlot, UpstreamSlots } from "../../ports/upstream.ts";

type Waiter = Waiting & {
  readonly projectId: string;
  resolve(slot: UpstreamSlot): void;
  reject(error: unknown): void;
};

/** What a refused caller is told to wait, in seconds: the least that the header can say. */
const retryAfterSeconds = 1;

/**
 * A provider's places. Who finds none free waits in a short line, and is refused where that is full or does not move:
 * an answer that comes too late is of no use to its caller, and would keep those from theirs who still wait.
 * Projects are served in turns, however many of its requests each has in line; and a full line makes room for a project
 * that has less in it than another, at the cost of that one's newest.
 */
export class RequestSlots implements UpstreamSlots {
  readonly #limit: ConcurrencyLimit;
  /** Each project's waiting requests, oldest first; the project that is served next comes first. */
  readonly #lines = new Map<string, Waiter[]>();
  readonly #deadlines: Deadlines;
  #taken = 0;
  #waiting = 0;

  constructor(limit: ConcurrencyLimit) {
    this.#limit = limit;
    this.#deadlines = new Deadlines(limit.waitMs);
  }

  async take(projectId: string, signal: CancelSignal): Promise<UpstreamSlot> {
    signal.throwIfAborted();
    if (this.#taken < this.#limit.requests) return this.#newSlot();
    if (this.#waiting >= this.#limit.waiting && !this.#makeRoomFor(projectId)) throw busy();
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamSlot>();
    const waiter: Waiter = {
      projectId,
      sinceMs: performance.now(),
      resolve,
      reject,
      expire: () => this.#leave(waiter, busy()),
    };
    const line = this.#lines.get(projectId);
    if (line === undefined) this.#lines.set(projectId, [waiter]);
    else line.push(waiter);
    this.#waiting++;
    this.#deadlines.add(waiter);
    const onAbort = (): void => this.#leave(waiter, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #newSlot(): UpstreamSlot {
    this.#taken++;
    let isGiven = false;
    return {
      giveBack: () => {
        if (isGiven) return;
        isGiven = true;
        this.#taken--;
        this.#serveNext();
      },
    };
  }

  #serveNext(): void {
    const [next] = this.#lines;
    if (next === undefined) return;
    const [projectId, line] = next;
    const waiter = line[0];
    if (waiter === undefined) return;
    this.#remove(waiter);
    // To the end: the other projects come first now.
    if (this.#lines.delete(projectId)) this.#lines.set(projectId, line);
    waiter.resolve(this.#newSlot());
  }

  #makeRoomFor(projectId: string): boolean {
    const own = this.#lines.get(projectId)?.length ?? 0;
    let longest: readonly Waiter[] = [];
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line;
    const newest = longest.at(-1);
    if (newest === undefined || longest.length <= own + 1) return false;
    this.#leave(newest, busy());
    return true;
  }

  #leave(waiter: Waiter, reason: unknown): void {
    if (this.#remove(waiter)) waiter.reject(reason);
  }

  /** @returns whether it still waited. */
  #remove(waiter: Waiter): boolean {
    const line = this.#lines.get(waiter.projectId) ?? [];
    const index = line.indexOf(waiter);
    if (index < 0) return false;
    line.splice(index, 1);
    if (line.length === 0) this.#lines.delete(waiter.projectId);
    this.#waiting--;
    this.#deadlines.remove(waiter);
    return true;
  }
}

function busy(): ApiError {
  return new ApiError(
    "rate_limit_exceeded",
    "The provider of this model has as many requests as it can take, and enough that wait. Try again in a moment.",
    { retryAfterSeconds },
  );
}
