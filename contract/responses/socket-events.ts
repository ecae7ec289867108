import { z } from "zod";
import { list } from "../common/collections.ts";
import { count, objectId, text } from "../common/fields.ts";
import { contentPartsMax, inputItemsMax } from "../common/limits.ts";
import { inputPart } from "./content.ts";
import type { ResponseStreamEvent } from "./events.ts";
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

/** Adds to what a running response is about. */
export const responseSteerEvent = z
  .strictObject({
    type: z.literal("response.steer"),
    previous_response_id: objectId,
    input: z.union([text.min(1), list(steerMessage, { min: 1, max: inputItemsMax })]),
  })
  .meta({ id: "ResponseSteerEvent" });

/** An error of a connection or of one of its turns. Inside a stream, `sequence_number` stands in place of `status`. */
export const socketErrorEvent = z
  .object({
    type: z.literal("error"),
    status: count.optional(),
    sequence_number: count.optional(),
    stream_id: streamId.optional(),
    error: z.object({
      type: z.string(),
      code: z.string().nullable(),
      message: z.string(),
      param: z.string().nullable(),
      /** What HTTP would have said in headers: `x-request-id`, `retry-after`. */
      headers: z.record(z.string(), z.string()).optional(),
    }),
  })
  .meta({ id: "ResponsesSocketErrorEvent" });

export const steerFailedEvent = z
  .object({
    type: z.literal("response.steer.failed"),
    sequence_number: count,
    error: z.object({ type: z.literal("invalid_request_error"), code: z.string(), message: z.string() }),
    /** What was not taken, as it was sent. */
    steer: z.object({ id: z.string().optional(), previous_response_id: z.string(), input: z.unknown() }),
    stream_id: streamId.optional(),
  })
  .meta({ id: "ResponseSteerFailedEvent" });

export type ResponseCreateEvent = z.output<typeof responseCreateEvent>;
export type ResponseSteerEvent = z.output<typeof responseSteerEvent>;
export type SocketErrorEvent = z.output<typeof socketErrorEvent>;
export type SteerFailedEvent = z.output<typeof steerFailedEvent>;

/** The events of a stream, each with the lane that it belongs to, and what only a connection has. */
export type ResponsesServerEvent =
  | (Exclude<ResponseStreamEvent, { type: "error" }> & { stream_id?: string })
  | SocketErrorEvent
  | SteerFailedEvent;
