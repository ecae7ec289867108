import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { elapsedMs, type RequestContext } from "../http/request-context.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";
import type { Deployment, Upstream, UpstreamSlot } from "../ports/upstream.ts";
import type { UsageEnd, UsageJournal, UsageMeter, UsageStatus } from "../ports/usage-journal.ts";

/** One attempt at an upstream, for whoever pays. */
export type AccountedAttempt = {
  readonly operationId: string;
  readonly deployment: Deployment;
  readonly principal: ProjectPrincipal;
  readonly context: RequestContext;
  /** 1 for the first try. */
  readonly attempt: number;
};

/** The reason of an abort that is neither the caller's leaving nor an error: how the account of what ran then ends. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
  readonly status: "cancelled" | "interrupted";

  constructor(status: "cancelled" | "interrupted") {
    super(`the work is given up: ${status}`);
    this.status = status;
  }
}

/**
 * How the account of an attempt ends. What was given up is so even where the upstream has told all of its answer: nobody
 * has it. An abort whose reason is an ApiError is the server's own.
 * @param told how the upstream's answer ended; undefined where it did not.
 */
export function attemptStatus({ reason }: CancelSignal, told: UsageStatus | undefined): UsageStatus {
  if (reason instanceof GivenUp) return reason.status;
  return told ?? (reason instanceof ApiError ? "failed" : "client_left");
}

/**
 * The account of one attempt, from before its upstream is called to its end: both lanes book through it, in the journal
 * and in the access log.
 */
export class RequestAccount {
  readonly #meter: UsageMeter;
  readonly #context: RequestContext;
  readonly #upstream: Pick<Upstream, "abandonedUsage">;
  readonly #slot: UpstreamSlot | undefined;

  constructor(
    meter: UsageMeter,
    context: RequestContext,
    upstream: Pick<Upstream, "abandonedUsage">,
    slot?: UpstreamSlot,
  ) {
    this.#meter = meter;
    this.#context = context;
    this.#upstream = upstream;
    this.#slot = slot;
  }

  /**
   * Opens the account once there is a place at the upstream, which the account holds to its end.
   * @throws ApiError `rate_limit_exceeded` where there is none, `storage_unavailable` where the journal can't take it: the
   * upstream must not be called then.
   */
  static async open(journal: UsageJournal, attempt: AccountedAttempt): Promise<RequestAccount> {
    const { deployment, principal, context } = attempt;
    const { model, upstream } = deployment;
    context.fields.model = model;
    context.fields.upstream = upstream.id;
    const slot = upstream.slots && (await upstream.slots.take(principal.projectId, context.signal));
    try {
      const meter = await journal.start({
        requestId: context.requestId,
        attempt: attempt.attempt,
        organizationId: principal.organizationId,
        projectId: principal.projectId,
        keyId: principal.keyId,
        operation: attempt.operationId,
        model,
        upstream: upstream.id,
        startedAtMs: Date.now(),
      });
      return new RequestAccount(meter, context, upstream, slot);
    } catch (error) {
      slot?.giveBack();
      throw error;
    }
  }

  /** Says that so many output tokens are about to be sent. */
  sent(tokens: number): void {
    if (tokens === 0) return;
    this.#context.fields.timeToFirstTokenMs ??= elapsedMs(this.#context);
    this.#meter.advance(tokens);
  }

  /** The exact tokens of an attempt that was given up, where its upstream can tell. */
  async abandonedUsage(): Promise<TokenUsage | undefined> {
    return this.#upstream.abandonedUsage?.(this.#context.requestId);
  }

  /** Closes the account; without a usage the tokens that were said to be sent stand. The first call counts. */
  end(status: UsageStatus, usage: TokenUsage | undefined): void {
    this.#meter.end(this.#endOf(status, usage));
  }

  /** Like `end`, for an answer that goes out only after it: what ends in the same turn of the event loop is written at once. */
  endTogether(status: UsageStatus, usage: TokenUsage | undefined): Promise<void> {
    return this.#meter.endTogether(this.#endOf(status, usage));
  }

  #endOf(status: UsageStatus, usage: TokenUsage | undefined): UsageEnd {
    this.#slot?.giveBack();
    const { fields } = this.#context;
    if (usage !== undefined) {
      fields.inputTokens = usage.inputTokens;
      fields.outputTokens = usage.outputTokens;
    }
    return {
      status,
      ...(usage === undefined ? {} : { usage }),
      latencyMs: Math.round(elapsedMs(this.#context)),
      ...(fields.timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs: Math.round(fields.timeToFirstTokenMs) }),
    };
  }
}
