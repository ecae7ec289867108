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
  let waiting: Pull | undefined;
  let arrived: Arrival | undefined;
  let asked = false;
  let stalledBeats = 0;
  let cut: () => void = () => {};

  const heart: Heart = {
    lastWriteMs: performance.now(),
    beat: () => {
      const pull = waiting;
      waiting = undefined;
      pull?.write(heartbeatBytes);
      if (pull === undefined && ++stalledBeats >= stalledBeatsMax) stall();
    },
  };
  wheel.add(heart);
  const end = (outcome: StreamOutcome): void => {
    wheel.remove(heart);
    finish(outcome);
  };
  const leave = async (): Promise<void> => {
    waiting = undefined;
    try {
      await frames.return("client_left");
    } catch (error) {
      log.error = describe(error);
    } finally {
      end("client_left");
    }
  };
  const stall = (): void => {
    log.error = "the client stopped reading";
    wheel.remove(heart);
    cut();
    void leave();
  };
  const deliver = (): void => {
    if (waiting === undefined || arrived === undefined) return;
    const [pull, arrival] = [waiting, arrived];
    waiting = undefined;
    arrived = undefined;
    if (arrival.kind === "frame") {
      heart.lastWriteMs = performance.now();
      pull.write(arrival.bytes);
      return;
    }
    if (arrival.kind === "error") log.error = describe(arrival.error);
    end(arrival.kind === "end" ? arrival.outcome : "failed");
    if (arrival.kind === "end") pull.close();
    else pull.fail();
  };
  const arrive = (arrival: Arrival): void => {
    asked = false;
    arrived = arrival;
    deliver();
  };
  const askForNext = (): void => {
    if (asked || arrived !== undefined) return;
    asked = true;
    frames.next().then(
      (next) =>
        arrive(next.done ? { kind: "end", outcome: next.value } : { kind: "frame", bytes: toBytes(next.value) }),
      (error: unknown) => arrive({ kind: "error", error }),
    );
  };

  // At once: a client can leave before the first pull, and a generator that never ran would not run its `finally`.
  askForNext();
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        cut = () => controller.error();
      },
      pull: (controller) =>
        new Promise<void>((resolve, reject) => {
          stalledBeats = 0;
          waiting = {
            write: (bytes) => {
              controller.enqueue(bytes);
              resolve();
            },
            close: () => {
              controller.close();
              resolve();
            },
            // Bun writes a reason that it is given to stderr, beside the log, which has it already.
            fail: () => reject(),
          };
          askForNext();
          deliver();
        }),
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return { stream, finished };
}

type Pull = { write(bytes: Uint8Array): void; close(): void; fail(): void };

type Arrival =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly outcome: StreamOutcome }
  | { readonly kind: "error"; readonly error: unknown };

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

export const eventStreamContentType = "text/event-stream; charset=utf-8";
