import { ApiError } from "@headrace/contract/common/errors.ts";
import { authorize } from "../access/decide.ts";
import { Cancellation } from "../ports/cancel-signal.ts";
import type { Principal } from "../ports/principal.ts";
import { readApiKey, requireOneHost } from "./credentials.ts";
import type { OpenSockets } from "./open-sockets.ts";
import type { Answered } from "./pipeline.ts";
import { renderError } from "./render.ts";
import type { Authenticator, RequestContext } from "./request-context.ts";
import type { RequestTarget } from "./request-target.ts";
import { SocketConnection, type SocketConnectionParts } from "./socket-connection.ts";
import type { SocketEndpoint } from "./socket-endpoint.ts";

export type SocketParts = SocketConnectionParts & {
  readonly authenticator: Authenticator;
  readonly openSockets: OpenSockets;
  readonly sockets: readonly SocketEndpoint[];
};

/**
 * The WebSocket that a request asks for: undefined where it asks for none, or there is none at its path. As for requests
 * without one, a trailing slash is ignored.
 */
export function findSocket(
  request: Request,
  path: string,
  sockets: readonly SocketEndpoint[],
): SocketEndpoint | undefined {
  if (request.method !== "GET" || request.headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  const trimmed = path.replace(/\/$/, "");
  return sockets.find(({ operation }) => operation.path === trimmed);
}

/**
 * Opens a WebSocket to whom the same request over HTTP would be answered.
 * @returns undefined where it is open, else the refusal, an ordinary answer. Never throws.
 */
export function openSocket(
  endpoint: SocketEndpoint,
  request: Request,
  target: RequestTarget,
  context: RequestContext,
  parts: SocketParts,
): Answered | undefined {
  const { operation } = endpoint;
  let principal: Principal | undefined;
  try {
    requireOneHost(request.headers);
    const apiKey = readApiKey(request.headers, target.search);
    const address = context.clientAddress();
    const authenticate = (): Principal => {
      const proven = parts.authenticator.authenticate(apiKey, () => address);
      if (operation.scope !== "public") authorize(proven, { kind: "operation", operation });
      return proven;
    };
    principal = authenticate();
    refuseSubprotocols(request.headers);
    endpoint.checkHandshake(request.headers);
    const place = parts.openSockets.enter(principal.keyId);
    const running = parts.running.open(new Cancellation());
    running.belongsTo(principal);
    // Nobody can ask the request any more where it came from, once it is a connection.
    const opened = { ...context, clientAddress: () => address };
    const handshake = { endpoint, path: target.path, context: opened, principal, authenticate, running, place };
    const connection = new SocketConnection(parts, handshake);
    if (context.connection.upgrade({ "x-request-id": context.requestId }, connection)) return undefined;
    place.leave();
    running.close();
    throw new ApiError(
      "invalid_header",
      "The WebSocket handshake is not whole: send Connection, Sec-WebSocket-Key and Sec-WebSocket-Version 13, as RFC 6455 says.",
    );
  } catch (error) {
    return { ...renderError(error, context, parts), operationId: operation.id, principal };
  }
}

/** The runtime would choose the first that is offered, which may be a credential, and tell it. */
function refuseSubprotocols(headers: Headers): void {
  if (!headers.has("sec-websocket-protocol")) return;
  throw new ApiError(
    "invalid_header",
    "This WebSocket speaks no sub-protocol. Leave out Sec-WebSocket-Protocol, and send the key in the Authorization header.",
  );
}
