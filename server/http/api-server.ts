import { ApiError } from "@headrace/contract/common/errors.ts";
import type { AddressList } from "../access/address-list.ts";
import { mayKeepContent } from "../access/keeps-content.ts";
import type { Principal } from "../ports/principal.ts";
import type { Connection } from "./bun-listener.ts";
import { clientAddress } from "./client-address.ts";
import type { StreamOutcome } from "./endpoint.ts";
import { type Answered, answerApiRequest, type PipelineParts } from "./pipeline.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { renderError } from "./render.ts";
import { type AccessFields, elapsedMs, type RequestContext } from "./request-context.ts";
import type { RunningRequests } from "./running-requests.ts";

/** Pages and probes beside the API: they need no key. */
export type Page = (request: Request) => Response | Promise<Response>;

export type ApiServerParts = PipelineParts & {
  readonly pages: ReadonlyMap<string, Page>;
  readonly refusals: RefusalLog;
  readonly newRequestId: () => string;
  readonly running: RunningRequests;
  readonly trustedProxies: AddressList;
};

const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-request-id, openai-processing-ms, openai-version, openai-organization, openai-project, retry-after",
};

/**
 * Everything that arrives on the port. Credentials come in a header that a browser never adds by itself, so any origin
 * may call, as OpenAI allows it.
 */
export function createRequestHandler(
  parts: ApiServerParts,
): (request: Request, connection: Connection) => Promise<Response> {
  return async (request, connection) => {
    const url = readUrl(request);
    const page = parts.pages.get(url.pathname);
    if (page && (request.method === "GET" || request.method === "HEAD")) return page(request);
    if (request.method === "OPTIONS") return preflight(request);

    const running = parts.running.open(request.signal);
    const context: RequestContext = {
      requestId: parts.newRequestId(),
      receivedAtMs: performance.now(),
      signal: running.signal,
      fields: {},
      connection,
      clientAddress: () => clientAddress(connection.peerAddress, request.headers, parts.trustedProxies),
      userAgent: request.headers.get("user-agent") ?? undefined,
    };
    const answered = isApiPath(url.pathname)
      ? await answerApiRequest(request, url, context, parts, running.belongsTo)
      : { ...renderError(nothingHere(url.pathname), context, parts), operationId: undefined, principal: undefined };
    const headers = commonHeaders(context, answered.principal);
    Object.assign(headers, answered.headers);
    whenFinished(answered, (streamEnd) => {
      running.close();
      logRequest(request, url, context, answered, parts, streamEnd);
    });
    return new Response(answered.body as BodyInit, { status: answered.status, headers });
  };
}

/** Bun gives no whole URL where there is no Host header (HTTP/1.0), or one that no URL can hold: only its path counts. */
function readUrl(request: Request): URL {
  return URL.parse(request.url) ?? new URL(`http://localhost${request.url.replace(/^(?:\w+:)?\/\/[^/?]*/, "")}`);
}

function isApiPath(path: string): boolean {
  return path.startsWith("/v1/") || path.startsWith("/headrace/v1/");
}

function nothingHere(path: string): ApiError {
  return new ApiError(
    "unknown_url",
    `There is nothing at ${path}. The API's paths start with /v1; its reference is at /docs.`,
  );
}

function commonHeaders(context: RequestContext, principal: Principal | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    ...corsHeaders,
    "x-request-id": context.requestId,
    "openai-version": "2020-10-01",
    "openai-processing-ms": String(Math.round(elapsedMs(context))),
    "x-content-type-options": "nosniff",
  };
  if (principal && principal.kind !== "operator") headers["openai-organization"] = principal.organizationId;
  if (principal && "projectId" in principal) headers["openai-project"] = principal.projectId;
  return headers;
}

function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders,
      "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
      "access-control-allow-headers":
        request.headers.get("access-control-request-headers") ?? "authorization, content-type",
      "access-control-max-age": "86400",
    },
  });
}

/** Calls back when the last byte is out, or could not be. */
function whenFinished({ finished }: Answered, then: (streamEnd?: StreamOutcome) => void): void {
  if (finished === undefined) then();
  else void finished.then(then);
}

/** One line for each request; those without a valid key can be too many for that. */
function logRequest(
  request: Request,
  url: URL,
  context: RequestContext,
  answered: Answered,
  { logger, refusals }: ApiServerParts,
  streamEnd: StreamOutcome | undefined,
): void {
  if (answered.status === 401 && !refusals.admits()) return;
  logger.log(answered.status >= 500 ? "error" : "info", "request", {
    requestId: context.requestId,
    method: request.method,
    path: url.pathname,
    operation: answered.operationId,
    status: answered.status,
    durationMs: Math.round(elapsedMs(context) * 10) / 10,
    keyId: answered.principal?.keyId,
    project: answered.principal && "projectId" in answered.principal ? answered.principal.projectId : undefined,
    ...(streamEnd === undefined ? {} : { streamEnd }),
    ...loggable(context.fields, answered.principal),
  });
}

/** Upstreams repeat in their errors what they were asked. */
function loggable(fields: AccessFields, principal: Principal | undefined): AccessFields {
  if (fields.error === undefined || principal === undefined || mayKeepContent(principal)) return fields;
  return { ...fields, error: "withheld, since the project is under zero data retention" };
}
