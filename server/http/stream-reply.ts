import type { EventFrames, Reply } from "./endpoint.ts";
import { eventStream } from "./event-stream.ts";
import type { HeartbeatWheel } from "./heartbeat.ts";
import type { RequestContext } from "./request-context.ts";

/** A stream of events as an answer. */
export function streamReply(
  { heartbeats }: { readonly heartbeats: HeartbeatWheel },
  frames: EventFrames,
  context: RequestContext,
): Extract<Reply<never>, { kind: "stream" }> {
  return {
    kind: "stream",
    contentType: "text/event-stream; charset=utf-8",
    body: eventStream(frames, heartbeats, context.fields),
  };
}
