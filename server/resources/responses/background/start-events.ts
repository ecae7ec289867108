import { namedFrame } from "../../../http/event-stream.ts";
import { toFailure, toStreamError } from "../../../inference/stream-error.ts";
import type { StoredResponse } from "../response-store.ts";

/** The events that begin every background stream, with their numbers: what they say is known before a model is asked. */
const startTypes = ["response.created", "response.queued", "response.in_progress"] as const;

const inProgressSequence = startTypes.indexOf("response.in_progress");

/** Whether a run's event belongs to the beginning, which is told once, whatever the number of runs. */
export function isStart(type: string): boolean {
  return (startTypes as readonly string[]).includes(type);
}

/** What is told when a response is made: that it is there, and that it waits. */
export function queuedFrames(response: StoredResponse): string[] {
  return startTypes
    .slice(0, inProgressSequence)
    .map((type, sequence) => eventFrame({ type, sequence_number: sequence, response }));
}

/** What is left of the beginning behind the event `loggedThrough`. */
export function inProgressFrames(response: StoredResponse, loggedThrough: number): string[] {
  if (loggedThrough >= inProgressSequence) return [];
  const started = { ...response, status: "in_progress", output: [] };
  return [eventFrame({ type: "response.in_progress", sequence_number: inProgressSequence, response: started })];
}

/** The end of a stream that an error ends, behind the event `loggedThrough`: the two events of every failure. */
export function failureFrames(failed: StoredResponse, error: unknown, loggedThrough: number): string[] {
  const start = inProgressFrames({ ...failed, error: null }, loggedThrough);
  const next = loggedThrough + 1 + start.length;
  return [
    ...start,
    eventFrame({ type: "error", sequence_number: next, error: toStreamError(error) }),
    eventFrame({ type: "response.failed", sequence_number: next + 1, response: failed }),
  ];
}

export function failedResponse(response: StoredResponse, error: unknown): StoredResponse {
  return { ...response, status: "failed", completed_at: null, incomplete_details: null, error: toFailure(error) };
}

export function eventFrame(event: { readonly type: string } & Readonly<Record<string, unknown>>): string {
  return namedFrame(event.type, JSON.stringify(event));
}
