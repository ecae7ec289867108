import { ApiError } from "@headrace/contract/common/errors.ts";
import type { AddressList } from "../access/address-list.ts";
import type { Principal } from "../ports/principal.ts";
import { logAccess } from "./access-log.ts";
import type { Connection } from "./bun-listener.ts";
import { clientAddress } from "./client-address.ts";
import type { StreamOutcome } from "./endpoint.ts";
import { findSocket, openSocket, type SocketParts } from "./open-socket.ts";
import { type Answered, answerApiRequest, type PipelineParts } from "./pipeline.ts";
import { renderError } from "./render.ts";
import { elapsedMs, type RequestContext } from "./request-context.ts";

/** Pages and probes beside the API: they need no key. */
export type Page = (request: Request) => Response | Promise<Response>;

export type ApiServerParts = PipelineParts &
  SocketParts & {
    readonly pages: ReadonlyMap<string, Page>;
    readonly trustedProxies: AddressList;
  };

const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-request-id, openai-processing-ms, openai-version, openai-organization, openai-project, retry-after",
};

/**
 * Everything that arrives on the port; a request that became a WebSocket has no answer. Credentials come in a header that
 * a browser never adds by itself, so any origin may call, as OpenAI allows it.
 */
export function createRequestHandler(
  parts: ApiServerParts,
): (request: Request, connection: Connection) => Promise<Response | undefined> {
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
    const socket = findSocket(request, url, parts.sockets);
    const answered = socket
      ? openSocket(socket, request, url, context, parts)
      : await answerRequest(request, url, context, parts, running.belongsTo);
    if (answered === undefined) {
      running.close();
      return undefined;
    }
    const headers = commonHeaders(context, answered.principal);
    Object.assign(headers, answered.headers);
    whenFinished(answered, (streamEnd) => {
      running.close();
      const { operationId: operation, principal, status } = answered;
      logAccess(parts, context, {
        method: request.method,
        path: url.pathname,
        operation,
        status,
        principal,
        streamEnd,
      });
    });
    return new Response(answered.body as BodyInit, { status: answered.status, headers });
  };
}

function answerRequest(
  request: Request,
  url: URL,
  context: RequestContext,
  parts: ApiServerParts,
  onPrincipal: (principal: Principal) => void,
): Answered | Promise<Answered> {
  if (isApiPath(url.pathname)) return answerApiRequest(request, url, context, parts, onPrincipal);
  const refused = renderError(nothingHere(url.pathname), context, parts);
  return { ...refused, operationId: undefined, principal: undefined };
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
