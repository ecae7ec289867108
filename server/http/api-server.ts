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
import type { RequestContext } from "./request-context.ts";
import { type RequestTarget, readTarget } from "./request-target.ts";
import { corsHeaders, toResponse } from "./response-headers.ts";

/** Pages and probes beside the API: they need no key. */
export type Page = (request: Request) => Response | Promise<Response>;

export type ApiServerParts = PipelineParts &
  SocketParts & {
    readonly pages: ReadonlyMap<string, Page>;
    readonly trustedProxies: AddressList;
  };

/**
 * Everything that arrives on the port; a request that became a WebSocket has no answer. Credentials come in a header that
 * a browser never adds by itself, so any origin may call, as OpenAI allows it.
 */
export function createRequestHandler(
  parts: ApiServerParts,
): (request: Request, connection: Connection) => Promise<Response | undefined> {
  return async (request, connection) => {
    const target = readTarget(request.url);
    const page = parts.pages.get(target.path);
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
    const socket = findSocket(request, target.path, parts.sockets);
    const answered = socket
      ? openSocket(socket, request, target, context, parts)
      : await answerRequest(request, target, context, parts, running.belongsTo);
    if (answered === undefined) {
      running.close();
      return undefined;
    }
    const { operationId: operation, principal, status, finished } = answered;
    const { method } = request;
    /** Called when the last byte is out, or could not be. */
    const end = (streamEnd: StreamOutcome | undefined): void => {
      running.close();
      logAccess(parts, context, { method, path: target.path, operation, status, principal, streamEnd });
    };
    if (finished === undefined) end(undefined);
    else void finished.then(end);
    return toResponse(answered, context, principal);
  };
}

function answerRequest(
  request: Request,
  target: RequestTarget,
  context: RequestContext,
  parts: ApiServerParts,
  onPrincipal: (principal: Principal) => void,
): Answered | Promise<Answered> {
  if (isApiPath(target.path)) return answerApiRequest(request, target, context, parts, onPrincipal);
  const refused = renderError(nothingHere(target.path), context, parts);
  return { ...refused, operationId: undefined, principal: undefined };
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
