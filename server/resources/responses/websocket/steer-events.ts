import type {
  SteerAcceptedEvent,
  SteerErrorCode,
  SteerFailedEvent,
  SteerPendingEvent,
} from "@headrace/contract/responses/socket-events.ts";

type Taken = { readonly id: string; readonly responseId: string };

/** What is not taken has no id. */
type Refused = { readonly id?: string; readonly responseId: string; readonly input: unknown };

/** @param sequenceNumber numbers these events of a connection; they belong to no response's stream. */
export function steerAcceptedMessage(
  { id, responseId }: Taken,
  lane: string | undefined,
  sequenceNumber: number,
): string {
  return toMessage<SteerAcceptedEvent>(
    {
      type: "response.steer.accepted",
      sequence_number: sequenceNumber,
      steer: { id, previous_response_id: responseId },
    },
    lane,
  );
}

export function steerPendingMessage(
  { id, responseId }: Taken,
  required: SteerPendingEvent["required_input"],
  lane: string | undefined,
  sequenceNumber: number,
): string {
  return toMessage<SteerPendingEvent>(
    {
      type: "response.steer.pending",
      sequence_number: sequenceNumber,
      reason: "waiting_for_required_input",
      required_input: required,
      steer: { id, previous_response_id: responseId },
    },
    lane,
  );
}

export function steerFailedMessage(
  { id, responseId, input }: Refused,
  error: { readonly code: SteerErrorCode; readonly message: string },
  lane: string | undefined,
  sequenceNumber: number,
): string {
  return toMessage<SteerFailedEvent>(
    {
      type: "response.steer.failed",
      sequence_number: sequenceNumber,
      error: { type: "invalid_request_error", ...error },
      steer: { ...(id === undefined ? {} : { id }), previous_response_id: responseId, input },
    },
    lane,
  );
}

function toMessage<Event extends { stream_id?: string | undefined }>(event: Event, lane: string | undefined): string {
  return JSON.stringify(lane === undefined ? event : { ...event, stream_id: lane });
}
