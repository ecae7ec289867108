import { randomUUID } from "node:crypto";
import type { ApiError } from "@headrace/contract/common/errors.ts";
import { GivenUp } from "../../../gateway/request-account.ts";
import { describe } from "../../../http/render.ts";
import { type Repeated, repeat } from "../../../jobs/repeated.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { Principal } from "../../../ports/principal.ts";
import type { BackgroundStore } from "./background-store.ts";
import { type Lease, type LeaseLost, renewMs, watchMs } from "./lease.ts";

/** How long a run may take to leave its model, in milliseconds. */
const leaveMsMax = 5_000;

/** A run in this process. */
export type Run = {
  readonly lease: Lease;
  readonly principal: Principal;
  readonly controller: AbortController;
  /** Whether it is giving its lease up by itself. */
  readonly isEnding: () => boolean;
  /** Settles when all of it is through; never rejects. */
  readonly done: Promise<void>;
};

/** The background responses that run in this process: keeps their leases, and ends what is not this process's any more. */
export class RunningResponses {
  /** This process, as the leases name it. */
  readonly holder = randomUUID();
  readonly #store: Pick<BackgroundStore, "held" | "lost" | "renew" | "handOver">;
  readonly #refuses: (principal: Principal) => ApiError | undefined;
  readonly #logger: Logger;
  readonly #runs = new Map<string, Run>();
  readonly #watching: Repeated;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  /** @param refuses knows why a principal is not served any more. */
  constructor(
    store: Pick<BackgroundStore, "held" | "lost" | "renew" | "handOver">,
    refuses: (principal: Principal) => ApiError | undefined,
    logger: Logger,
  ) {
    this.#store = store;
    this.#refuses = refuses;
    this.#logger = logger;
    this.#watching = repeat(
      () => this.#watch(),
      watchMs,
      (error) =>
        logger.log("warn", "the leases of background responses can't be renewed now", { error: describe(error) }),
    );
  }

  get ids(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Whether this process takes no new ones. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Owns a run until it is through. */
  own(run: Run): void {
    // Before `done` is seen by anybody else, the run is gone.
    const done = run.done.then(() => void this.#runs.delete(run.lease.responseId));
    this.#runs.set(run.lease.responseId, { ...run, done });
  }

  /** Ends a run whose response was cancelled, where it is one of this process. */
  cancelled(responseId: string): void {
    this.#runs.get(responseId)?.controller.abort(new GivenUp("cancelled"));
  }

  /** Lets the runs go on for `graceMs`, then leaves the rest to others. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    const all = this.#allDone();
    await within(all, graceMs);
    const left = [...this.#runs.values()];
    for (const { controller } of left) controller.abort(new GivenUp("interrupted"));
    // One that waits for a database that is away is left as it is.
    await within(all, leaveMsMax);
    await this.#watching.stop();
    for (const { lease } of left) {
      await this.#store.handOver(lease).catch((error: unknown) =>
        // Its lease runs out by itself.
        this.#logger.log("warn", "a background response could not be handed over", { error: describe(error) }),
      );
    }
  }

  async #allDone(): Promise<void> {
    // A request that was let in before the stop may add one.
    while (this.#runs.size > 0) await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  async #watch(): Promise<void> {
    const runs = [...this.#runs.values()];
    if (runs.length === 0) return;
    for (const { principal, controller } of runs) {
      const refusal = this.#refuses(principal);
      if (refusal !== undefined) controller.abort(refusal);
    }
    if (performance.now() - this.#renewedAtMs >= renewMs) {
      await this.#store.renew(
        this.holder,
        runs.map(({ lease }) => lease.responseId),
      );
      this.#renewedAtMs = performance.now();
    }
    const held = await this.#store.held(this.holder);
    for (const { lease, controller, isEnding } of runs) {
      if (held.get(lease.responseId) === lease.fence) continue;
      const lost = await this.#store.lost(lease);
      if (!isEnding()) controller.abort(givenUp(lost));
    }
  }
}

/** What a run is told that is this process's no more. */
export function givenUp({ isCancelled }: LeaseLost): GivenUp {
  return new GivenUp(isCancelled ? "cancelled" : "interrupted");
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, passed]);
  clearTimeout(timer);
}
