import { ApiError } from "@headrace/contract/common/errors.ts";
import type { RetrieveResponseQuery } from "@headrace/contract/responses/stored-responses.ts";
import type { EventFrames, Reply } from "../../http/endpoint.ts";
import { heartbeatFrame } from "../../http/event-stream.ts";
import type { RequestContext } from "../../http/request-context.ts";
import { streamReply } from "../../http/stream-reply.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";
import { followStream } from "./stream-log/follow-stream.ts";
import { withoutObfuscation } from "./stream-log/without-obfuscation.ts";

/** A foreground stream's last chunk is written a little behind its response: so often it is looked for again. */
const looksMax = 20;
const lookAgainMs = 50;

type StreamRequest = {
  readonly principal: ProjectPrincipal;
  readonly responseId: string;
  readonly query: RetrieveResponseQuery;
  readonly context: RequestContext;
};

/**
 * The stream of a stored response, from behind the caller's cursor to its end.
 * @throws ApiError `not_found`, or `invalid_value` for a response without a stream and for a cursor beyond its end.
 */
export async function streamResponse(
  services: Pick<ResponseServices, "store" | "streams" | "heartbeats">,
  { principal, responseId, query, context }: StreamRequest,
): Promise<Reply<never>> {
  const isStreamed = await services.store.isStreamed(principal, responseId);
  if (isStreamed === undefined) throw responseNotFound(responseId);
  if (!isStreamed) {
    throw new ApiError(
      "invalid_value",
      "This response cannot be streamed because it was not created with stream=true. Retrieve it without 'stream'.",
      { param: "stream" },
    );
  }
  const { lastSequence, isEnded } = await logOf(services, principal, responseId);
  const after = query.starting_after ?? -1;
  if (after > lastSequence) {
    throw new ApiError(
      "invalid_value",
      `There is no event ${after} in this stream: its newest is ${lastSequence}. Start after an event that you have received.`,
      { param: "starting_after" },
    );
  }
  if (isEnded && after === lastSequence) return streamReply(services, nothing(), context);
  const reader = { principal, responseId, after, known: lastSequence, signal: context.signal };
  const frames = followStream(services.streams, reader);
  return streamReply(services, query.include_obfuscation === false ? withoutObfuscation(frames) : frames, context);
}

/** The log of a stream that is whole, or grows. */
async function logOf(
  { streams }: Pick<ResponseServices, "streams">,
  principal: ProjectPrincipal,
  responseId: string,
): Promise<{ readonly lastSequence: number; readonly isEnded: boolean }> {
  for (let look = 0; look < looksMax; look++) {
    const { lastSequence, isEnded, isRunning } = await streams.log.state(principal, responseId);
    if (lastSequence !== undefined && (isRunning || isEnded)) return { lastSequence, isEnded };
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
  throw new ApiError(
    "invalid_value",
    "This response can no longer be streamed because it has ended too long ago. Retrieve it without 'stream'.",
    { param: "stream" },
  );
}

/** The rest of a stream for one who has all of it. */
async function* nothing(): EventFrames {
  yield heartbeatFrame;
  return "completed";
}
