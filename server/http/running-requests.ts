import type { ApiError } from "@headrace/contract/common/errors.ts";
import { Cancellation, type CancelSignal } from "../ports/cancel-signal.ts";
import type { Principal } from "../ports/principal.ts";

/** How often the keys of running requests are checked again, in milliseconds: a revoked key's streams end within it. */
const recheckMs = 1_000;

/** A request under way. */
export type RunningRequest = {
  /** Aborted within milliseconds when the client leaves, or with an ApiError when the server ends the request. */
  readonly signal: CancelSignal;
  /** Says who asks, once it is known. */
  belongsTo(principal: Principal): void;
  /** Says that its last byte is out. */
  close(): void;
};

/** Knows why a principal is not served any more; undefined while it is. */
export type Refuses = (principal: Principal) => ApiError | undefined;

type Entry = { readonly cancellation: Cancellation; principal: Principal | undefined };

/** All requests under way, so that they can be ended: at a stop, or when their key is no good any more. */
export class RunningRequests {
  readonly #running = new Set<Entry>();
  readonly #timer: ReturnType<typeof setInterval>;
  #stopReason: ApiError | undefined;

  constructor(refuses: Refuses) {
    this.#timer = setInterval(() => this.#recheck(refuses), recheckMs);
    this.#timer.unref();
  }

  /** @param clientSignal aborted when the client leaves. */
  open(clientSignal: CancelSignal): RunningRequest {
    const cancellation = new Cancellation();
    const entry: Entry = { cancellation, principal: undefined };
    const leave = (): void => cancellation.abort(clientSignal.reason);
    if (clientSignal.aborted) leave();
    else clientSignal.addEventListener("abort", leave, { once: true });
    if (this.#stopReason !== undefined) cancellation.abort(this.#stopReason);
    this.#running.add(entry);
    return {
      signal: cancellation,
      belongsTo: (principal) => {
        entry.principal = principal;
      },
      close: () => {
        this.#running.delete(entry);
        // A connection's signal outlives the requests on it.
        clientSignal.removeEventListener("abort", leave);
      },
    };
  }

  /** Ends every request, and each that is opened from now on. */
  stop(reason: ApiError): void {
    this.#stopReason = reason;
    for (const { cancellation } of this.#running) cancellation.abort(reason);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #recheck(refuses: Refuses): void {
    for (const { cancellation, principal } of this.#running) {
      const refusal = principal && refuses(principal);
      if (refusal !== undefined) cancellation.abort(refusal);
    }
  }
}
