import type { EventFrames, StreamedBody, StreamOutcome } from "./endpoint.ts";
import type { Heart, HeartbeatWheel } from "./heartbeat.ts";
import { describe } from "./render.ts";
import type { AccessFields } from "./request-context.ts";

const encoder = new TextEncoder();
/** A comment: readers skip it. */
export const heartbeatFrame = ": keep-alive\n\n";
const heartbeatBytes = encoder.encode(heartbeatFrame);

/** So many silences of the heartbeat may pass without the reader asking for more: a minute, with 15 seconds each. */
const stalledBeatsMax = 4;

/**
 * Sends frames to a client as it reads them: one write for each frame, the producer is asked for the next one only when
 * the client took the last. `frames` must come with whole events, so that a heartbeat may stand between any two of them.
 * When the client leaves, `frames.return()` is called, so that the producer's `finally` runs; so it is when the client
 * stays and does not read, because it would hold its model and its upstream's connection for as long as it likes.
 * An error of the producer cuts the connection, which tells the client that the stream is not whole, and is told to
 * `log`; a producer that can still speak sends an error event and ends.
 */
export function eventStream(frames: EventFrames, wheel: HeartbeatWheel, log: AccessFields): StreamedBody {
  const { promise: finished, resolve: finish } = Promise.withResolvers<StreamOutcome>();
  // At most one pull waits for a frame and at most one frame waits for a pull; a heartbeat may answer a pull instead.
  // A pull is over at once: the stream asks again when what is put into it later was read, without a promise for each.
  let isWaiting = false;
  let arrived: Arrival | undefined;
  let asked = false;
  let stalledBeats = 0;
  let controller: ReadableStreamDefaultController<Uint8Array>;

  const heart: Heart = {
    lastWriteMs: performance.now(),
    beat: () => {
      if (isWaiting) {
        isWaiting = false;
        controller.enqueue(heartbeatBytes);
      } else if (++stalledBeats >= stalledBeatsMax) {
        stall();
      }
    },
  };
  wheel.add(heart);
  const end = (outcome: StreamOutcome): void => {
    wheel.remove(heart);
    finish(outcome);
  };
  const leave = async (): Promise<void> => {
    isWaiting = false;
    try {
      await frames.return("client_left");
    } catch (error) {
      log.error = describe(error);
    } finally {
      end("client_left");
    }
  };
  // Without a reason: Bun would write it to stderr, beside the log, which has it already.
  const cut = (): void => controller.error();
  const stall = (): void => {
    log.error = "the client stopped reading";
    wheel.remove(heart);
    cut();
    void leave();
  };
  const deliver = (): void => {
    if (!isWaiting || arrived === undefined) return;
    const arrival = arrived;
    arrived = undefined;
    isWaiting = false;
    if ("error" in arrival) {
      log.error = describe(arrival.error);
      end("failed");
      cut();
    } else if (arrival.done) {
      end(arrival.value);
      controller.close();
    } else {
      heart.lastWriteMs = performance.now();
      controller.enqueue(toBytes(arrival.value));
    }
  };
  // One of each for the whole stream: closures for every event would cost as much as the event.
  const onNext = (arrival: Arrival): void => {
    asked = false;
    arrived = arrival;
    deliver();
  };
  const onError = (error: unknown): void => onNext({ error });
  const askForNext = (): void => {
    if (asked || arrived !== undefined) return;
    asked = true;
    frames.next().then(onNext, onError);
  };

  // At once: a client can leave before the first pull, and a generator that never ran would not run its `finally`.
  askForNext();
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (started) => {
        controller = started;
      },
      pull: () => {
        stalledBeats = 0;
        isWaiting = true;
        askForNext();
        deliver();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return { stream, finished };
}

/** The rest of this turn of the event loop has run; what follows has the next one for itself. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Arrival = IteratorResult<Uint8Array | string, StreamOutcome> | { readonly error: unknown };

function toBytes(frame: Uint8Array | string): Uint8Array {
  return typeof frame === "string" ? encoder.encode(frame) : frame;
}

/** `data:` lines alone, as Chat Completions sends them. */
export function dataFrame(json: string): string {
  return `data: ${json}\n\n`;
}

/** `event:` and `data:`, as Responses sends them. */
export function namedFrame(event: string, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}
