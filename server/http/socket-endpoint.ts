import type { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import type { Principal } from "../ports/principal.ts";
import type { StreamOutcome } from "./endpoint.ts";
import type { MessageChannel } from "./message-channel.ts";
import type { RequestContext } from "./request-context.ts";

/** One request of a connection, from its message to its last event. It ends once, with its line of the access log. */
export type SocketTurn = {
  readonly context: RequestContext;
  /**
   * Who asks, proven anew: a connection outlives changes of what its key may do.
   * @throws ApiError as at the handshake.
   */
  authenticate(): Principal;
  /** Ends it as its stream ended. */
  end(outcome: StreamOutcome): void;
  /** Ends it with an error. @returns what the caller is told of it; undefined where nobody listens any more. */
  fail(error: unknown): ApiError | undefined;
};

/** Why a connection is closed by us. */
export type SocketEnd = {
  /** Of RFC 6455, section 7.4. */
  readonly closeCode: number;
  readonly reason: ApiError;
  /** Whether the client gets the reason as the last event. */
  readonly isTold: boolean;
};

/** What speaks over one connection. None of its methods throws. */
export type SocketSession = {
  receive(text: string): void;
  /** A message came that is not text. */
  receiveBinary(): void;
  /** Begins nothing new, ends what runs, then closes the channel. The first call counts. */
  finish(end: SocketEnd): void;
};

export type SocketInput = { readonly channel: MessageChannel; readonly openTurn: () => SocketTurn };

/** What answers a WebSocket at the path of an operation, for keys that may run that operation. */
export type SocketEndpoint = {
  readonly operation: OperationDefinition;
  /** @throws ApiError where a handshake asks for what this connection can't give. */
  readonly checkHandshake: (headers: Headers) => void;
  readonly open: (input: SocketInput) => SocketSession;
};
