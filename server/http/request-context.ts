import type { CancelSignal } from "../ports/cancel-signal.ts";
import type { Principal } from "../ports/principal.ts";
import type { Connection } from "./bun-listener.ts";

/** What the access log says of a request besides the HTTP facts; handlers add what they learn. */
export type AccessFields = {
  model?: string;
  upstream?: string;
  inputTokens?: number;
  outputTokens?: number;
  timeToFirstTokenMs?: number;
  /** How a stream ended, where the status line was already sent. */
  streamEnd?: string;
  /** The operator's side of an error: never sent to the caller. */
  error?: string;
};

/** One request on its way through the house. */
export type RequestContext = {
  /** `req_` and 32 hex digits, ordered by time. */
  readonly requestId: string;
  /** Monotonic milliseconds (`performance.now`) when the head was read. */
  readonly receivedAtMs: number;
  /** Aborted within milliseconds when the client leaves, or when the server can wait no longer at its stop. */
  readonly signal: CancelSignal;
  readonly fields: AccessFields;
  readonly connection: Connection;
  /** Whose request it is, behind the proxies that are trusted; undefined where that can't be known. */
  readonly clientAddress: () => string | undefined;
  readonly userAgent: string | undefined;
};

/** Milliseconds since the request's head was read. */
export function elapsedMs(context: RequestContext): number {
  return performance.now() - context.receivedAtMs;
}

/**
 * Proves who asks; throws an ApiError `invalid_api_key` for a key that is unknown, revoked or expired, or
 * `ip_not_authorized` for one that may not be used from where it is.
 */
export interface Authenticator {
  authenticate(apiKey: string, clientAddress: () => string | undefined): Principal;
}
