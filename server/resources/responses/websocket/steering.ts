import { ApiError } from "@headrace/contract/common/errors.ts";
import { parseRequest } from "@headrace/contract/common/validation.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { OutputItem } from "@headrace/contract/responses/output-items.ts";
import {
  type ResponseSteerEvent,
  responseSteerEvent,
  type SteerErrorCode,
  type SteerPendingEvent,
} from "@headrace/contract/responses/socket-events.ts";
import { inputItemsOf, isCompactionRequest } from "../conversation-input.ts";
import type { StoredResponse } from "../response-store.ts";
import type { ClientMessage, CreateRequest } from "./client-message.ts";
import { steerAcceptedMessage, steerFailedMessage, steerPendingMessage } from "./steer-events.ts";

type Lane = string | undefined;

/** Input that a client gave to a response that runs, for the response that follows it. */
export type Steer = { readonly id: string; readonly responseId: string; readonly input: ResponseSteerEvent["input"] };

/** Why a steer is not taken. */
class SteerError extends Error {
  override readonly name = "SteerError";
  readonly code: SteerErrorCode;

  constructor(code: SteerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A request, and the steers whose input it reads. */
export type SteeredRequest = { readonly request: CreateRequest; readonly steers: readonly Steer[] };

/** A response that runs, or that waits for what its client owes it, and the input that was given to it. */
type Target = {
  readonly responseId: string;
  readonly lane: Lane;
  readonly request: CreateRequest;
  readonly steers: Steer[];
};

export type SteeringOptions = {
  readonly send: (message: string) => void;
  readonly newId: () => string;
  /** Steers that one response may have. */
  readonly steersMax: number;
};

/**
 * `response.steer` of one connection: its input is held until the response has ended, and is then read by a successor,
 * which is created here, or by the client where it has to add the output of its tools.
 */
export class Steering {
  readonly #options: SteeringOptions;
  readonly #running = new Map<string, Target>();
  /** Of each lane the response that waits for its client's tools. */
  readonly #waiting = new Map<Lane, Target>();
  /** Of each lane the response that ended last. */
  readonly #ended = new Map<Lane, string>();
  #sequenceNumber = 0;

  constructor(options: SteeringOptions) {
    this.#options = options;
  }

  /** Takes a `response.steer`, and tells the client whether it was taken. */
  steer({ value }: ClientMessage): void {
    const responseId = typeof value.previous_response_id === "string" ? value.previous_response_id : "";
    const target = this.#running.get(responseId);
    try {
      const { input } = parseRequest(responseSteerEvent, value);
      const steer = { id: this.#options.newId(), responseId, input };
      this.#steerable(responseId).push(steer);
      this.#options.send(steerAcceptedMessage(steer, target?.lane, this.#sequenceNumber++));
    } catch (error) {
      if (!(error instanceof SteerError) && !(error instanceof ApiError)) throw error;
      const code = error instanceof SteerError ? error.code : "invalid_input";
      this.#fail({ responseId, input: value.input }, target?.lane, code, error.message);
    }
  }

  /** The steers of a response that can take one more. @throws SteerError */
  #steerable(responseId: string): Steer[] {
    const target = this.#running.get(responseId);
    if (target === undefined) {
      const hasEnded = [...this.#ended.values()].includes(responseId);
      throw hasEnded
        ? new SteerError(
            "response_already_completed",
            "The response has ended. Send the input as the next response.create.",
          )
        : new SteerError("response_not_found", `Response with id '${responseId}' does not run on this connection.`);
    }
    const { conversation = null, context_management } = target.request.body;
    const isCompacted = (context_management ?? []).length > 0 || isCompactionRequest(target.request.body);
    if (conversation !== null || isCompacted) {
      throw new SteerError(
        "steering_not_supported",
        "Responses in a conversation, with context_management or with a compaction_trigger can't be steered. Send the input as the next response.create.",
      );
    }
    const { steersMax } = this.#options;
    if (target.steers.length >= steersMax) {
      throw new SteerError("too_many_pending_steers", `A response can have ${steersMax} steers. Send the input later.`);
    }
    return target.steers;
  }

  /** A response's first event is out: from now on it can be steered, and what its request was given has been read. */
  began(responseId: string, lane: Lane, request: CreateRequest): void {
    this.#running.set(responseId, { responseId, lane, request, steers: [] });
  }

  /**
   * A response has ended.
   * @param response undefined where it could not be kept.
   * @returns the request of its successor; undefined where none is to be created.
   */
  ended(responseId: string, response: StoredResponse | undefined): SteeredRequest | undefined {
    const target = this.#running.get(responseId);
    if (target === undefined) return undefined;
    const { lane, request, steers } = target;
    this.#running.delete(responseId);
    this.#ended.set(lane, responseId);
    if (steers.length === 0) return undefined;
    if (response?.status !== "completed" && response?.status !== "incomplete") {
      this.#failAll(steers, lane, "response_not_active", "The response did not end well, so nothing follows it.");
      return undefined;
    }
    const required = response.output.flatMap(requiredInput);
    if (required.length === 0) {
      const { input: _, ...settings } = request.body;
      const body = { ...settings, previous_response_id: responseId, input: steers.flatMap(inputOf) };
      return { request: { ...request, body, rawBody: toBytes(body) }, steers };
    }
    this.#waiting.set(lane, target);
    for (const steer of steers) {
      this.#options.send(steerPendingMessage(steer, required, lane, this.#sequenceNumber++));
    }
    return undefined;
  }

  /** The request with the input before its own that waits for it. On a lane that goes on elsewhere it waits no longer. */
  continued(lane: Lane, request: CreateRequest): SteeredRequest {
    const target = this.#waiting.get(lane);
    if (target === undefined) return { request, steers: [] };
    this.#waiting.delete(lane);
    const { responseId, steers } = target;
    if (request.body.previous_response_id !== responseId) {
      this.#failAll(steers, lane, "response_not_active", "The lane went on without the response.");
      return { request, steers: [] };
    }
    const body = { ...request.body, input: [...steers.flatMap(inputOf), ...inputItemsOf(request.body.input)] };
    return { request: { ...request, body, rawBody: toBytes(body) }, steers };
  }

  /** Gives back what could not be read. */
  failed(steers: readonly Steer[], lane: Lane, message: string): void {
    this.#failAll(steers, lane, "successor_creation_failed", message);
  }

  #failAll(steers: readonly Steer[], lane: Lane, code: SteerErrorCode, message: string): void {
    for (const steer of steers) this.#fail(steer, lane, code, message);
  }

  #fail(
    steer: { readonly id?: string; readonly responseId: string; readonly input: unknown },
    lane: Lane,
    code: SteerErrorCode,
    message: string,
  ): void {
    this.#options.send(steerFailedMessage(steer, { code, message }, lane, this.#sequenceNumber++));
  }
}

function inputOf({ input }: Steer): InputItem[] {
  return inputItemsOf(typeof input === "string" ? input : input.map((item) => ({ ...item, type: "message" as const })));
}

/** What a caller owes for an item of an output, without its result. */
function requiredInput(item: OutputItem): SteerPendingEvent["required_input"] {
  if (item.type === "function_call") {
    return [{ type: "function_call_output", call_id: item.call_id, name: item.name }];
  }
  return item.type === "custom_tool_call" ? [{ type: "custom_tool_call_output", call_id: item.call_id }] : [];
}

function toBytes(body: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}
