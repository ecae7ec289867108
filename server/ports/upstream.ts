import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import type { CancelSignal } from "./cancel-signal.ts";

/** The wires of OpenAI's API that an upstream can speak. */
export type UpstreamApi = "chat" | "responses" | "embeddings" | "completions";

export type UpstreamRequest = {
  /** Below the upstream's base, for instance `/chat/completions`. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly requestId: string;
  /**
   * Requests of the same scope (an organization) may reuse what the upstream remembers of each other's prompts; without
   * a scope nothing is reused. Only our own engine is told.
   */
  readonly cacheScope?: string;
  /** Aborting closes the upstream's socket at once. */
  readonly signal: CancelSignal;
};

/** An answer's body while it comes. Whoever has one reads it to its end or cancels it. */
export interface AnswerBody {
  /**
   * The next bytes; undefined at the end. It rejects with the reason of the request's signal where that is aborted, and
   * with an error where the connection breaks.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Closes its connection, where the body has not ended; a read that waits is over then. */
  cancel(): void;
}

/** A successful answer, as soon as its head is there. */
export type UpstreamAnswer = {
  /** Its `content-type`, empty where there is none. */
  readonly contentType: string;
  /** Plain bytes, whatever the upstream did. */
  readonly body: AnswerBody;
};

/** A place at an upstream. It is given back once; further calls do nothing. */
export type UpstreamSlot = { giveBack(): void };

/** How many requests may be at an upstream at once. */
export interface UpstreamSlots {
  /**
   * Waits for a place, for a while.
   * @throws ApiError `rate_limit_exceeded` where there is none to be had; the signal's reason when it is aborted.
   */
  take(projectId: string, signal: CancelSignal): Promise<UpstreamSlot>;
}

/**
 * Something that answers on OpenAI's wire: the local engine, a GPU server, a hosted provider.
 * `send` resolves with successful answers only. It rejects with the
 * ApiError that our caller may see where the upstream refuses, fails or can't be reached (`OperationNotThere` where it
 * does not know the path), and with the signal's reason after an abort.
 */
export interface Upstream {
  /** Unique name: `local`, or the provider's name in headrace.yaml. */
  readonly id: string;
  readonly kind: "local" | "provider";
  readonly apis: ReadonlySet<UpstreamApi>;
  /** The longest pause between two pieces of an answer, in milliseconds. */
  readonly idleMs: number;
  /** Undefined where it takes all that comes, or counts for itself. Held from before `send` to the answer's end. */
  readonly slots?: UpstreamSlots | undefined;
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** The exact tokens of a request that was given up before its answer told them; undefined where nobody knows. */
  abandonedUsage?(requestId: string): Promise<TokenUsage | undefined>;
}

/** A model as callers know it, and where it is served. */
export type Deployment = {
  /** The name that callers send. */
  readonly model: string;
  /** The name that the upstream knows. */
  readonly upstreamModel: string;
  readonly upstream: Upstream;
  readonly ownedBy: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Which of the upstream's wires this model can be used on. */
  readonly apis: ReadonlySet<UpstreamApi>;
};

/** All models that can be asked for now; the list may change while the server runs. */
export interface ModelDirectory {
  list(): readonly Deployment[];
  find(model: string): Deployment | undefined;
}
