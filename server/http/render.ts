import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { Reply, StreamOutcome } from "./endpoint.ts";
import type { RequestContext } from "./request-context.ts";

/** A status, headers and a body that are ready to be sent. `finished` settles when a streamed body has ended. */
export type Rendered = {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string | ReadableStream<Uint8Array>;
  readonly finished: Promise<StreamOutcome> | undefined;
};

const jsonType = "application/json; charset=utf-8";

export function renderReply(reply: Reply<unknown>): Rendered {
  switch (reply.kind) {
    case "json":
      return {
        status: 200,
        headers: { "content-type": jsonType },
        body: JSON.stringify(reply.value),
        finished: undefined,
      };
    case "bytes":
      return { status: 200, headers: { "content-type": reply.contentType }, body: reply.body, finished: undefined };
    case "stream":
      return {
        status: 200,
        // nginx and friends hold a stream back unless told not to.
        headers: { "content-type": reply.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
        body: reply.body.stream,
        finished: reply.body.finished,
      };
  }
}

export type ErrorReaders = {
  readonly logger: Logger;
  /** Knows the errors of what lies below, such as a database that is away; undefined for an error that is a defect. */
  readonly translate: (error: unknown) => ApiError | undefined;
};

/**
 * What a caller is told of an error, and its cause for the log. What is not an ApiError is a defect: the caller is told
 * nothing but the request id, the log gets everything.
 */
export function toldError(error: unknown, context: RequestContext, { logger, translate }: ErrorReaders): ApiError {
  const apiError = error instanceof ApiError ? error : (translate(error) ?? unexpected(error, context, logger));
  if (apiError.cause !== undefined) context.fields.error = describe(apiError.cause);
  return apiError;
}

/** The only place that turns an error into an answer. */
export function renderError(error: unknown, context: RequestContext, readers: ErrorReaders): Rendered {
  const apiError = toldError(error, context, readers);
  const headers: Record<string, string> = { "content-type": jsonType };
  if (apiError.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.max(1, apiError.retryAfterSeconds));
  if (apiError.status === 401) headers["www-authenticate"] = "Bearer";
  // RFC 9110, section 15.5.9: what still comes of the request is not waited for.
  if (apiError.status === 408) headers.connection = "close";
  return { status: apiError.status, headers, body: JSON.stringify(apiError.toBody()), finished: undefined };
}

function unexpected(error: unknown, context: RequestContext, logger: Logger): ApiError {
  logger.log("error", "request failed unexpectedly", { requestId: context.requestId, error: describe(error) });
  return new ApiError(
    "server_error",
    `The server had an error while processing your request. Retry it; if it stays, tell your operator the request id ${context.requestId}.`,
  );
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (cause: ${describe(error.cause)})`;
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`;
}
