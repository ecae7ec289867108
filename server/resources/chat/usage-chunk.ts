import { splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { mapFrames } from "../../http/map-frames.ts";

const noChoices = /"choices"\s*:\s*\[\s*\]/;
const everyNoChoices = new RegExp(noChoices, "g");
const usageKey = Buffer.from('"usage"');
const blankLine = "\n\n";
const decoder = new TextDecoder();

/**
 * A piece of a stream without the chunk that only carries the usage, for callers who did not ask for it: many of them
 * read `choices[0]` of every chunk. The usage chunk is the only one without choices, so pieces that hold no such chunk
 * pass as they are.
 * @returns undefined where nothing is left.
 */
export function leaveOutUsageChunk(piece: Uint8Array | string): Uint8Array | string | undefined {
  if (typeof piece !== "string" && !holdsUsage(piece)) return piece;
  const text = typeof piece === "string" ? piece : decoder.decode(piece);
  if (!noChoices.test(text)) return piece;
  const kept = withoutUsageEvents(withLineFeeds(text));
  return kept === "" ? undefined : kept;
}

/** The same for a whole stream. */
export function withoutUsageChunk(frames: EventFrames): EventFrames {
  return mapFrames(frames, leaveOutUsageChunk);
}

/** Looks at the events without choices alone: a piece may hold hundreds of others. */
function withoutUsageEvents(text: string): string {
  let kept = "";
  let from = 0;
  for (const { index } of text.matchAll(everyNoChoices)) {
    const blankBefore = text.lastIndexOf(blankLine, index);
    const start = blankBefore < 0 ? 0 : blankBefore + blankLine.length;
    const blankBehind = text.indexOf(blankLine, index);
    const end = blankBehind < 0 ? text.length : blankBehind + blankLine.length;
    if (start < from || !isUsageOnly(text.slice(start, end))) continue;
    kept += text.slice(from, start);
    from = end;
  }
  return kept + text.slice(from);
}

/** Whole events whose lines end by a line feed alone. */
function withLineFeeds(text: string): string {
  if (!text.includes("\r")) return text;
  return splitEvents(text)
    .map((event) => `${event}${blankLine}`)
    .join("");
}

function holdsUsage(piece: Uint8Array): boolean {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).includes(usageKey);
}

function isUsageOnly(event: string): boolean {
  // A text may hold the same characters, but inside a JSON string its quotes are escaped.
  return noChoices.test(event) && /"usage"\s*:\s*\{/.test(event);
}
