import { dataOf, splitEvents } from "../../../gateway/sse-events.ts";
import { namedFrame } from "../../../http/event-stream.ts";

const decoder = new TextDecoder();
const blankLine = "\n\n";
const endFrame = /^event: ?response\.(?:completed|incomplete|failed)(?:\r|\n)/;

/** A piece of a stream as its events' frames; a piece holds whole events. */
export function framesOf(piece: Uint8Array | string): string[] {
  return splitEvents(textOf(piece)).map((event) => `${event}${blankLine}`);
}

/** Whether a frame's event ends its stream. */
export function isEndFrame(frame: string): boolean {
  return endFrame.test(frame);
}

/** Frames of events that follow each other, and whether the last of them ends its stream. */
export type FrameRun = { readonly frames: string; readonly count: number; readonly isEnd: boolean };

/**
 * The events of a piece, without comments, which keep a connection alive: those have no number. Nothing stands behind
 * the end of a stream.
 */
export function runOf(piece: Uint8Array | string): FrameRun {
  const text = textOf(piece);
  const isEndInFront = isEndFrame(text);
  const count = isEndInFront ? undefined : plainCountOf(text);
  if (count !== undefined) {
    const blankBefore = text.lastIndexOf(blankLine, text.length - blankLine.length - 1);
    const last = blankBefore < 0 ? text : text.slice(blankBefore + blankLine.length);
    return { frames: text, count, isEnd: isEndFrame(last) };
  }
  if (isEndInFront) return { frames: framesOf(text)[0] ?? "", count: 1, isEnd: true };
  const frames = framesOf(text).filter((frame) => dataOf(frame) !== undefined);
  return { frames: frames.join(""), count: frames.length, isEnd: isEndFrame(frames.at(-1) ?? "") };
}

/**
 * How many frames a text is, where it is nothing else; undefined where it has to be taken apart: CR ends lines too, a
 * third line feed is a blank line too many, and a colon begins a comment.
 */
function plainCountOf(text: string): number | undefined {
  if (text.includes("\r")) return undefined;
  let count = 0;
  let start = 0;
  while (start < text.length) {
    if (text[start] === "\n" || text[start] === ":") return undefined;
    const end = text.indexOf(blankLine, start);
    if (end < 0) return undefined;
    count++;
    start = end + blankLine.length;
  }
  return count;
}

/**
 * The frame that ends the stream of a response that was cancelled: OpenAI has no event of that name, and sends
 * `response.failed` with a response whose status says it (observed; its reference is silent).
 */
export function cancelledFrame(response: object, sequence: number): string {
  const event = { type: "response.failed", sequence_number: sequence, response };
  return namedFrame(event.type, JSON.stringify(event));
}

function textOf(piece: Uint8Array | string): string {
  return typeof piece === "string" ? piece : decoder.decode(piece);
}
