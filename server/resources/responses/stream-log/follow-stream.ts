import { ApiError } from "@headrace/contract/common/errors.ts";
import type { EventFrames } from "../../../http/endpoint.ts";
import { heartbeatFrame } from "../../../http/event-stream.ts";
import type { CancelSignal } from "../../../ports/cancel-signal.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import { framesAfter } from "./log-chunk.ts";
import type { StreamLogStore } from "./stream-log-store.ts";
import type { StreamTails } from "./stream-tails.ts";

export type StreamReader = {
  readonly principal: ProjectPrincipal;
  readonly responseId: string;
  /** The number of the last event that the reader has; -1 for none. */
  readonly after: number;
  /** The number of an event that is in the log already. */
  readonly known: number;
  /** Aborted when the reader leaves, or with an ApiError when the server ends the request. */
  readonly signal: CancelSignal;
};

/**
 * A logged stream behind a cursor, as it was and as it goes on, to its last event: the same events for every reader,
 * none left out, at the reader's own pace. What is behind the live end is read from the log.
 * @throws the signal's reason where the server ends the request, and Error where the log was dropped under a slow reader.
 */
export async function* followStream(
  { log, tails }: { readonly log: Pick<StreamLogStore, "after">; readonly tails: StreamTails },
  { principal, responseId, after, known, signal }: StreamReader,
): EventFrames {
  const tail = tails.join(responseId, known);
  let cursor = after;
  try {
    for (;;) {
      if (signal.aborted) {
        if (signal.reason instanceof ApiError) throw signal.reason;
        return "client_left";
      }
      if (tail.lastSequence <= cursor) {
        // The head of an answer goes out with its first byte: a reader who has all so far must not wait for it.
        if (cursor === after) yield heartbeatFrame;
        await tail.beyond(cursor, signal);
        continue;
      }
      const live = tail.chunkAfter(cursor);
      const chunks = live ? [live] : await log.after(principal, responseId, cursor);
      if ((chunks[0]?.firstSequence ?? Number.POSITIVE_INFINITY) > cursor + 1) {
        throw new Error(`The log of ${responseId} has nothing behind ${cursor} any more.`);
      }
      for (const chunk of chunks) {
        // One piece for each chunk: the client takes it in one write.
        yield framesAfter(chunk, cursor).join("");
        cursor = chunk.lastSequence;
        if (chunk.isLast) return "completed";
      }
    }
  } finally {
    tails.leave(responseId);
  }
}
