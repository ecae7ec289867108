import type { SteerFailedEvent } from "@headrace/contract/responses/socket-events.ts";
import type { ClientMessage } from "./client-message.ts";

/** What a `response.steer` is answered with: what was sent comes back, so that the client can send it as a turn. */
export function steerFailedMessage({ value }: ClientMessage): string {
  const event: SteerFailedEvent = {
    type: "response.steer.failed",
    sequence_number: 0,
    error: {
      type: "invalid_request_error",
      code: "steering_not_supported",
      message: "Models here can't be steered. Send the input as the next response.create.",
    },
    steer: { previous_response_id: String(value.previous_response_id ?? ""), input: value.input },
  };
  return JSON.stringify(event);
}
