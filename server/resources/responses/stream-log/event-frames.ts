import { dataOf, splitEvents } from "../../../gateway/sse-events.ts";
import { namedFrame } from "../../../http/event-stream.ts";

const decoder = new TextDecoder();
const endFrame = /^event: ?response\.(?:completed|incomplete|failed)(?:\r|\n)/;

/** A piece of a stream as its events' frames; a piece holds whole events. */
export function framesOf(piece: Uint8Array | string): string[] {
  const text = typeof piece === "string" ? piece : decoder.decode(piece);
  return splitEvents(text).map((event) => `${event}\n\n`);
}

/** Whether a frame's event ends its stream. */
export function isEndFrame(frame: string): boolean {
  return endFrame.test(frame);
}

/** Whether a frame is no event: it only keeps a connection alive, and no number is its. */
export function isComment(frame: string): boolean {
  return frame.startsWith(":") && dataOf(frame) === undefined;
}

/**
 * The frame that ends the stream of a response that was cancelled: OpenAI has no event of that name, and sends
 * `response.failed` with a response whose status says it (observed; its reference is silent).
 */
export function cancelledFrame(response: object, sequence: number): string {
  const event = { type: "response.failed", sequence_number: sequence, response };
  return namedFrame(event.type, JSON.stringify(event));
}
