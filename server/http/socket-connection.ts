import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Principal } from "../ports/principal.ts";
import { type AccessLogParts, logAccess } from "./access-log.ts";
import type { StreamOutcome } from "./endpoint.ts";
import type { HeartbeatWheel } from "./heartbeat.ts";
import { MessageChannel } from "./message-channel.ts";
import type { SocketPlace } from "./open-sockets.ts";
import { hasLeft } from "./pipeline.ts";
import type { RawSocket, SocketEvents } from "./raw-socket.ts";
import { type ErrorReaders, toldError } from "./render.ts";
import type { RequestContext } from "./request-context.ts";
import type { RunningRequest, RunningRequests } from "./running-requests.ts";
import type { SocketEnd, SocketEndpoint, SocketSession, SocketTurn } from "./socket-endpoint.ts";

export type SocketConnectionParts = ErrorReaders &
  AccessLogParts & {
    readonly newRequestId: () => string;
    readonly running: RunningRequests;
    readonly heartbeats: HeartbeatWheel;
    /** How long a connection may last. */
    readonly websocketConnectionMs: number;
  };

/** A handshake that was found good. */
export type Handshake = {
  readonly endpoint: SocketEndpoint;
  readonly path: string;
  readonly context: RequestContext;
  readonly principal: Principal;
  /** Proves anew who asks. @throws ApiError */
  readonly authenticate: () => Principal;
  /** Aborted with an ApiError when the key is no good any more, or at the end of a stop. */
  readonly running: RunningRequest;
  readonly place: SocketPlace;
};

/** Of RFC 6455: the server goes away, or the client's key does. */
const goingAway = 1001;
const policyViolation = 1008;

/** One WebSocket, from its opening to its line of the access log: it lends its session the channel and the turns. */
export class SocketConnection implements SocketEvents {
  readonly #parts: SocketConnectionParts;
  readonly #handshake: Handshake;
  #open: { readonly channel: MessageChannel; readonly session: SocketSession } | undefined;
  #lifetime: NodeJS.Timeout | undefined;

  constructor(parts: SocketConnectionParts, handshake: Handshake) {
    this.#parts = parts;
    this.#handshake = handshake;
  }

  opened(socket: RawSocket): void {
    const { endpoint, place, running } = this.#handshake;
    const channel = new MessageChannel(socket, this.#parts.heartbeats);
    const session = endpoint.open({ channel, openTurn: () => this.#openTurn(channel) });
    this.#open = { channel, session };
    this.#lifetime = setTimeout(() => this.#expire(session), this.#parts.websocketConnectionMs).unref();
    place.endedBy((end) => session.finish(end));
    const giveUp = (): void => session.finish(endFor(running.signal.reason));
    if (running.signal.aborted) giveUp();
    else running.signal.addEventListener("abort", giveUp, { once: true });
  }

  text(message: string): void {
    this.#open?.channel.heard();
    this.#open?.session.receive(message);
  }

  binary(): void {
    this.#open?.channel.heard();
    this.#open?.session.receiveBinary();
  }

  pong(): void {
    this.#open?.channel.heard();
  }

  drained(bufferedBytes: number): void {
    this.#open?.channel.drained(bufferedBytes);
  }

  closed(code: number): void {
    const { context, endpoint, path, place, principal, running } = this.#handshake;
    clearTimeout(this.#lifetime);
    place.leave();
    running.close();
    this.#open?.channel.closed();
    const operation = endpoint.operation.id;
    logAccess(this.#parts, context, { method: "GET", path, operation, status: 101, principal, closeCode: code });
  }

  #expire(session: SocketSession): void {
    const minutes = this.#parts.websocketConnectionMs / 60_000;
    const { tag } = this.#handshake.endpoint.operation;
    // The words are OpenAI's.
    const message = `${tag} websocket connection limit reached (${minutes} minutes). Create a new websocket connection to continue.`;
    const reason = new ApiError("websocket_connection_limit_reached", message);
    session.finish({ closeCode: goingAway, reason, isTold: true });
  }

  #openTurn(channel: MessageChannel): SocketTurn {
    const { context: opening, endpoint, path } = this.#handshake;
    const running = this.#parts.running.open(channel.gone);
    const context: RequestContext = {
      ...opening,
      requestId: this.#parts.newRequestId(),
      receivedAtMs: performance.now(),
      signal: running.signal,
      fields: {},
    };
    let principal: Principal | undefined;
    const log = (status: number, streamEnd?: StreamOutcome): void => {
      running.close();
      const operation = endpoint.operation.id;
      logAccess(this.#parts, context, { method: "WS", path, operation, status, principal, streamEnd });
    };
    return {
      context,
      authenticate: () => {
        principal = this.#handshake.authenticate();
        running.belongsTo(principal);
        return principal;
      },
      end: (outcome) => log(200, outcome),
      fail: (error) => {
        const told = hasLeft(error, context) ? undefined : toldError(error, context, this.#parts);
        log(told?.status ?? 499);
        return told;
      },
    };
  }
}

function endFor(reason: unknown): SocketEnd {
  const error = reason instanceof ApiError ? reason : new ApiError("server_error", "The server ended the connection.");
  const isStop = error.code === "shutting_down";
  return { closeCode: isStop ? goingAway : policyViolation, reason: error, isTold: !isStop };
}
