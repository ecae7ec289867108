import { ApiError } from "@headrace/contract/common/errors.ts";
import { cancelResponse } from "@headrace/contract/responses/stored-responses.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { inProgressFrames } from "./background/start-events.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";
import type { StoredResponse } from "./response-store.ts";
import { cancelledFrame } from "./stream-log/event-frames.ts";
import { type LogChunk, packChunk } from "./stream-log/log-chunk.ts";

/** Ends a background response, wherever it runs. A second call finds it ended, and gives the same response. */
export const cancelResponseEndpoint = (services: Pick<ResponseServices, "background" | "running" | "streams">) =>
  endpoint(cancelResponse, async ({ params, principal }) => {
    const id = params.response_id;
    const cancelled = await services.background.cancel(principal, id, lastChunk);
    if (cancelled.kind === "unknown") throw responseNotFound(id);
    const { response } = cancelled;
    if (cancelled.kind === "cancelled") {
      services.running.cancelled(id);
      if (cancelled.chunk !== undefined) services.streams.tails.told(id, cancelled.chunk);
    } else {
      refuseEnded(response);
    }
    return json(response as unknown as ResponseObject);
  });

/** The words are OpenAI's, as observed. */
function refuseEnded({ background, status }: StoredResponse): void {
  if (background !== true) {
    throw new ApiError(
      "invalid_value",
      "Cannot cancel a synchronous response. Only a response that was created with background=true can be cancelled.",
      { param: "response_id" },
    );
  }
  if (status === "cancelled") return;
  throw new ApiError("invalid_value", `Cannot cancel a${status === "incomplete" ? "n" : ""} ${status} response.`, {
    param: "response_id",
  });
}

function lastChunk(response: StoredResponse, loggedThrough: number): LogChunk {
  const start = inProgressFrames(response, loggedThrough);
  const frames = [...start, cancelledFrame(response, loggedThrough + 1 + start.length)];
  return packChunk(loggedThrough + 1, frames, true);
}
