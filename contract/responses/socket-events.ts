import { z } from "zod";
import { list } from "../common/collections.ts";
import { count, objectId, text } from "../common/fields.ts";
import { contentPartsMax, inputItemsMax } from "../common/limits.ts";
import { inputPart } from "./content.ts";
import { type ResponseStreamEvent, responseStreamEvent } from "./events.ts";
import { createResponseBody } from "./request.ts";

/** A lane of a connection: its turns run one after the other, and their events carry its name. */
export const streamId = z.string().regex(/^[A-Za-z0-9_.-]{1,256}$/);

/** Has a model answer: the body of `POST /v1/responses` and what only a connection has. */
export const responseCreateEvent = createResponseBody
  .extend({
    type: z.literal("response.create"),
    /** False: the response is prepared and can be continued, and no model is asked. */
    generate: z.boolean().optional(),
    stream_id: streamId.optional(),
  })
  .meta({ id: "ResponseCreateEvent" });

const steerMessage = z.strictObject({
  type: z.literal("message").optional(),
  role: z.literal("user"),
  content: z.union([text, list(inputPart, { max: contentPartsMax })]),
});

/** Adds to what a running response is about: a successor of it reads the input. */
export const responseSteerEvent = z
  .strictObject({
    type: z.literal("response.steer"),
    previous_response_id: objectId,
    input: z.union([text.min(1), list(steerMessage, { min: 1, max: inputItemsMax })]),
  })
  .meta({ id: "ResponseSteerEvent" });

export const responsesClientEvent = z
  .discriminatedUnion("type", [responseCreateEvent, responseSteerEvent])
  .meta({ id: "ResponsesClientEvent" });

const lane = { stream_id: streamId.optional() };

/** An error of a connection or of one of its turns. Inside a stream, `sequence_number` stands in place of `status`. */
const socketErrorEvent = z
  .object({
    type: z.literal("error"),
    status: count.optional(),
    sequence_number: count.optional(),
    error: z.object({
      type: z.string(),
      code: z.string().nullable(),
      message: z.string(),
      param: z.string().nullable(),
      /** What HTTP would have said in headers: `x-request-id`, `retry-after`. */
      headers: z.record(z.string(), z.string()).optional(),
    }),
    ...lane,
  })
  .meta({ id: "ResponsesSocketErrorEvent" });

const takenSteer = z.object({ id: z.string(), previous_response_id: z.string() });

/** The input of a `response.steer` is ours now; the successor's `response.created` says that it was read. */
const steerAcceptedEvent = z
  .object({ type: z.literal("response.steer.accepted"), sequence_number: count, steer: takenSteer, ...lane })
  .meta({ id: "ResponseSteerAcceptedEvent" });

/** What the caller has to send, filled in, before the input of a `response.steer` is read. */
const steerPendingEvent = z
  .object({
    type: z.literal("response.steer.pending"),
    sequence_number: count,
    reason: z.literal("waiting_for_required_input"),
    required_input: z.array(
      z.discriminatedUnion("type", [
        z.object({ type: z.literal("function_call_output"), call_id: z.string(), name: z.string() }),
        z.object({ type: z.literal("custom_tool_call_output"), call_id: z.string() }),
      ]),
    ),
    steer: takenSteer,
    ...lane,
  })
  .meta({ id: "ResponseSteerPendingEvent" });

const steerFailedEvent = z
  .object({
    type: z.literal("response.steer.failed"),
    sequence_number: count,
    error: z.object({
      type: z.literal("invalid_request_error"),
      code: z.enum([
        "response_not_found",
        "invalid_input",
        "steering_not_supported",
        "too_many_pending_steers",
        "response_already_completed",
        "response_not_active",
        "successor_creation_failed",
      ]),
      message: z.string(),
    }),
    /** What was not read, as it was sent. */
    steer: z.object({ id: z.string().optional(), previous_response_id: z.string(), input: z.unknown() }),
    ...lane,
  })
  .meta({ id: "ResponseSteerFailedEvent" });

/** The events of a stream, each with its lane's `stream_id` where that has one, and what only a connection has. */
export const responsesServerEvent = z
  .union([responseStreamEvent, socketErrorEvent, steerAcceptedEvent, steerPendingEvent, steerFailedEvent])
  .meta({ id: "ResponsesServerEvent" });

export type ResponseCreateEvent = z.output<typeof responseCreateEvent>;
export type ResponseSteerEvent = z.output<typeof responseSteerEvent>;
export type SocketErrorEvent = z.output<typeof socketErrorEvent>;
export type SteerAcceptedEvent = z.output<typeof steerAcceptedEvent>;
export type SteerPendingEvent = z.output<typeof steerPendingEvent>;
export type SteerFailedEvent = z.output<typeof steerFailedEvent>;
export type SteerErrorCode = SteerFailedEvent["error"]["code"];
export type ResponsesServerEventType =
  | ResponseStreamEvent["type"]
  | SteerAcceptedEvent["type"]
  | SteerPendingEvent["type"]
  | SteerFailedEvent["type"];
