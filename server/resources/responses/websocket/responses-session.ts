import { ApiError } from "@headrace/contract/common/errors.ts";
import { readEventData } from "../../../gateway/sse-events.ts";
import type { CheckedInput, Reply, StreamedBody, StreamOutcome } from "../../../http/endpoint.ts";
import type { SocketEnd, SocketInput, SocketSession, SocketTurn } from "../../../http/socket-endpoint.ts";
import type { StoredResponse } from "../response-store.ts";
import type { TurnMemory } from "../turn-memory.ts";
import { type ClientMessage, readCreateRequest, readMessage } from "./client-message.ts";
import type { ConnectionMemory } from "./connection-memory.ts";
import type { Lanes } from "./lanes.ts";
import { readPieces } from "./read-pieces.ts";
import { errorMessage, eventMessage } from "./server-events.ts";
import type { SteeredRequest, Steering } from "./steering.ts";

export type SessionParts = {
  readonly lanes: Lanes;
  readonly memory: ConnectionMemory;
  readonly steering: Steering;
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
    if (message.type === "response.steer") {
      this.#parts.steering.steer(message);
      return;
    }
    if (this.#end !== undefined) throw this.#end.reason;
    this.#parts.lanes.add(message.streamId, {
      bytes: message.bytes.byteLength,
      run: () => this.#run(message),
      drop: (reason) => this.#refuse(this.#input.openTurn(), reason, message.streamId),
    });
  }

  /** Runs a turn, and those that follow from what its response is given while it runs. */
  async #run(message: ClientMessage): Promise<void> {
    const { streamId } = message;
    const { steering } = this.#parts;
    const turn = this.#input.openTurn();
    let next: SteeredRequest | undefined;
    try {
      next = steering.continued(streamId, readCreateRequest(message));
    } catch (error) {
      this.#forget(streamId, message.value.previous_response_id);
      this.#refuse(turn, error, streamId);
      return;
    }
    next = await this.#play(turn, next, streamId);
    while (next !== undefined) {
      if (this.#end !== undefined) return steering.failed(next.steers, streamId, this.#end.reason.message);
      next = await this.#play(this.#input.openTurn(), next, streamId);
    }
  }

  /** @returns the turn that follows. Never rejects. */
  async #play(
    turn: SocketTurn,
    { request, steers }: SteeredRequest,
    streamId: string | undefined,
  ): Promise<SteeredRequest | undefined> {
    const { create, memory, steering } = this.#parts;
    const { body, rawBody, generate } = request;
    const own = memory.turn(streamId);
    let begun: string | undefined;
    let ended: StoredResponse | undefined;
    try {
      const principal = turn.authenticate();
      const input = { params: undefined, query: undefined, body, rawBody, principal, context: turn.context };
      const remember: TurnMemory["remember"] = (response, ...rest) => {
        ended = response;
        own.remember(response, ...rest);
      };
      const reply = await create(input, { memory: { chain: own.chain, remember }, generate });
      if (reply.kind !== "stream") throw new Error("A response that was to be streamed was not.");
      const onBegun = (responseId: string): void => {
        begun = responseId;
        steering.began(responseId, streamId, request);
      };
      turn.end(await this.#send(reply.body, streamId, onBegun));
    } catch (error) {
      this.#forget(streamId, body.previous_response_id);
      if (begun === undefined) steering.failed(steers, streamId, "The response that was to read the input failed.");
      this.#refuse(turn, error, streamId);
    }
    return begun === undefined ? undefined : steering.ended(begun, ended);
  }

  /** The next event is asked for when the client has taken the one before. */
  async #send(
    { stream, finished }: StreamedBody,
    streamId: string | undefined,
    onBegun: (responseId: string) => void,
  ): Promise<StreamOutcome> {
    const { channel } = this.#input;
    let isFirst = true;
    for await (const json of readEventData(readPieces(stream, channel.gone), this.#parts.eventBytesMax)) {
      const responseId = isFirst ? responseIdOf(json) : undefined;
      isFirst = false;
      if (responseId !== undefined) onBegun(responseId);
      await channel.send(eventMessage(json, streamId));
      if (!channel.isOpen) break;
    }
    return finished;
  }

  /** A continuation that fails before it streams costs its lane what it continued, as at OpenAI. */
  #forget(streamId: string | undefined, previousResponseId: unknown): void {
    if (typeof previousResponseId === "string") this.#parts.memory.forget(streamId, previousResponseId);
  }

  #refuse(turn: SocketTurn, error: unknown, streamId: string | undefined): void {
    const told = turn.fail(error);
    if (told !== undefined) void this.#input.channel.send(errorMessage(told, streamId, turn.context.requestId));
  }
}

function responseIdOf(json: string): string | undefined {
  const event = JSON.parse(json) as { readonly response?: { readonly id?: unknown } };
  return typeof event.response?.id === "string" ? event.response.id : undefined;
}
