import type { ApiError } from "@headrace/contract/common/errors.ts";
import type { SocketErrorEvent } from "@headrace/contract/responses/socket-events.ts";

/** An event of a stream as a message: with the name of its lane, where that has one. */
export function eventMessage(json: string, streamId: string | undefined): string {
  if (streamId === undefined) return json;
  return `${json.slice(0, json.lastIndexOf("}"))},"stream_id":${JSON.stringify(streamId)}}`;
}

/** An error that no stream tells. */
export function errorMessage(error: ApiError, streamId?: string, requestId?: string): string {
  const headers = {
    ...(requestId === undefined ? {} : { "x-request-id": requestId }),
    ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.max(1, error.retryAfterSeconds)) }),
  };
  const event: SocketErrorEvent = {
    type: "error",
    status: error.status,
    ...(streamId === undefined ? {} : { stream_id: streamId }),
    error: { ...error.toBody().error, ...(requestId === undefined ? {} : { headers }) },
  };
  return JSON.stringify(event);
}
