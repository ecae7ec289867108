import type { CancelSignal } from "../../ports/cancel-signal.ts";
import type { AnswerBody } from "../../ports/upstream.ts";

export type WireRequest = {
  /** Behind the provider's base. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly requestId: string;
  /** Aborting closes the connection at once, while the answer is read too. */
  readonly signal: CancelSignal;
};

/** Header fields by their names in lower case. */
export type WireHeaders = { get(name: string): string | null };

/** An answer of whatever status as soon as its head is there, its body plain bytes. */
export type WireAnswer = { readonly status: number; readonly headers: WireHeaders; readonly body: AnswerBody };

/** How requests reach a provider. */
export interface ProviderWire {
  /**
   * @throws ApiError `upstream_unreachable`, `upstream_timeout` or `upstream_failed` where no answer comes; the signal's
   * reason when it is aborted.
   */
  send(request: WireRequest): Promise<WireAnswer>;
}
