import { ApiError } from "@headrace/contract/common/errors.ts";
import { readEventData } from "../../../gateway/sse-events.ts";
import type { CheckedInput, Reply, StreamedBody, StreamOutcome } from "../../../http/endpoint.ts";
import type { SocketEnd, SocketInput, SocketSession, SocketTurn } from "../../../http/socket-endpoint.ts";
import type { TurnMemory } from "../turn-memory.ts";
import { type ClientMessage, readCreateRequest, readMessage } from "./client-message.ts";
import type { ConnectionMemory } from "./connection-memory.ts";
import type { Lanes } from "./lanes.ts";
import { readPieces } from "./read-pieces.ts";
import { errorMessage, eventMessage } from "./server-events.ts";
import { steerFailedMessage } from "./steer.ts";

export type SessionParts = {
  readonly lanes: Lanes;
  readonly memory: ConnectionMemory;
  /** Answers as `POST /v1/responses` does. */
  readonly create: (input: CheckedInput, options: { memory: TurnMemory; generate: boolean }) => Promise<Reply<unknown>>;
  /** Largest single event, in bytes. */
  readonly eventBytesMax: number;
};

/**
 * WebSocket mode of the Responses API (developers.openai.com/api/docs/guides/websocket-mode): each `response.create` is a
 * turn, run and streamed as over HTTP, one message for each event.
 */
export class ResponsesSession implements SocketSession {
  readonly #input: SocketInput;
  readonly #parts: SessionParts;
  #end: SocketEnd | undefined;

  constructor(input: SocketInput, parts: SessionParts) {
    this.#input = input;
    this.#parts = parts;
    const { gone } = input.channel;
    gone.addEventListener("abort", () => parts.lanes.drop(gone.reason), { once: true });
  }

  receive(text: string): void {
    let streamId: string | undefined;
    try {
      const message = readMessage(text);
      streamId = message.streamId;
      this.#take(message);
    } catch (error) {
      this.#refuse(this.#input.openTurn(), error, streamId);
    }
  }

  receiveBinary(): void {
    const error = new ApiError("invalid_type", "Binary messages are not accepted. Send each client event as text.");
    this.#refuse(this.#input.openTurn(), error, undefined);
  }

  finish(end: SocketEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const { channel } = this.#input;
    const { lanes } = this.#parts;
    lanes.drop(end.reason);
    void lanes.settled().then(async () => {
      if (end.isTold) await channel.send(errorMessage(end.reason));
      channel.close(end.closeCode, end.reason.code);
    });
  }

  #take(message: ClientMessage): void {
    if (this.#end !== undefined) throw this.#end.reason;
    if (message.type === "response.steer") {
      void this.#input.channel.send(steerFailedMessage(message));
      return;
    }
    this.#parts.lanes.add(message.streamId, {
      bytes: message.bytes.byteLength,
      run: () => this.#run(this.#input.openTurn(), message),
      drop: (reason) => this.#refuse(this.#input.openTurn(), reason, message.streamId),
    });
  }

  async #run(turn: SocketTurn, message: ClientMessage): Promise<void> {
    const { streamId, value } = message;
    const { memory, create } = this.#parts;
    try {
      const principal = turn.authenticate();
      const { body, rawBody, generate } = readCreateRequest(message);
      const input = { params: undefined, query: undefined, body, rawBody, principal, context: turn.context };
      const reply = await create(input, { memory: memory.turn(streamId), generate });
      if (reply.kind !== "stream") throw new Error("A response that was to be streamed was not.");
      turn.end(await this.#send(reply.body, streamId));
    } catch (error) {
      if (typeof value.previous_response_id === "string") memory.forget(streamId, value.previous_response_id);
      this.#refuse(turn, error, streamId);
    }
  }

  /** The next event is asked for when the client has taken the one before. */
  async #send({ stream, finished }: StreamedBody, streamId: string | undefined): Promise<StreamOutcome> {
    const { channel } = this.#input;
    for await (const json of readEventData(readPieces(stream, channel.gone), this.#parts.eventBytesMax)) {
      await channel.send(eventMessage(json, streamId));
      if (!channel.isOpen) break;
    }
    return finished;
  }

  #refuse(turn: SocketTurn, error: unknown, streamId: string | undefined): void {
    const told = turn.fail(error);
    if (told !== undefined) void this.#input.channel.send(errorMessage(told, streamId, turn.context.requestId));
  }
}
