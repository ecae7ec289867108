import type { EventFrames, Reply } from "../../http/endpoint.ts";
import { eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import type { RequestContext } from "../../http/request-context.ts";
import type { ResponseServices } from "./response-services.ts";

/** A stream of a response's events as an answer. */
export function streamReply(
  { heartbeats }: Pick<ResponseServices, "heartbeats">,
  frames: EventFrames,
  context: RequestContext,
): Extract<Reply<never>, { kind: "stream" }> {
  return {
    kind: "stream",
    contentType: eventStreamContentType,
    body: eventStream(frames, heartbeats, context.fields),
  };
}
