import { bufferOf } from "../../common/buffer-of.ts";
import { splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { mapFrames } from "../../http/map-frames.ts";
import { memberValue } from "../../metering/json-bytes.ts";

const noChoices = /"choices"\s*:\s*\[\s*\]/;
const usageKey = Buffer.from('"usage"');
const blankLine = Buffer.from("\n\n");
const carriageReturn = 0x0d;
const openBrace = 0x7b;

/**
 * A piece of a stream without the chunk that only carries the usage, for callers who did not ask for it: many of them
 * read `choices[0]` of every chunk. The usage chunk is the only one without choices that tells a usage, so pieces that
 * hold no such chunk pass as they are.
 * @param piece whole events.
 * @returns undefined where nothing is left.
 */
export function leaveOutUsageChunk(piece: Uint8Array | string): Uint8Array | string | undefined {
  const given = typeof piece === "string" ? Buffer.from(piece) : bufferOf(piece);
  if (!given.includes(usageKey)) return piece;
  const events = withLineFeeds(given);
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = events.indexOf(usageKey); at >= 0; at = events.indexOf(usageKey, at + usageKey.byteLength)) {
    // A text may hold the same characters, but inside a JSON string its quotes are escaped.
    if (events[memberValue(events, at + usageKey.byteLength, events.byteLength)] !== openBrace) continue;
    const blankBefore = events.lastIndexOf(blankLine, at);
    const start = blankBefore < 0 ? 0 : blankBefore + blankLine.byteLength;
    const blankBehind = events.indexOf(blankLine, at);
    const end = blankBehind < 0 ? events.byteLength : blankBehind + blankLine.byteLength;
    if (start < from || !noChoices.test(events.toString("utf8", start, end))) continue;
    kept.push(events.subarray(from, start));
    from = end;
  }
  if (kept.length === 0) return piece;
  kept.push(events.subarray(from));
  const left = Buffer.concat(kept);
  return left.byteLength === 0 ? undefined : left;
}

/** The same for a whole stream. */
export function withoutUsageChunk(frames: EventFrames): EventFrames {
  return mapFrames(frames, leaveOutUsageChunk);
}

/** Whole events whose lines end by a line feed alone. */
function withLineFeeds(events: Buffer): Buffer {
  if (!events.includes(carriageReturn)) return events;
  return Buffer.from(
    splitEvents(events.toString("utf8"))
      .map((event) => `${event}\n\n`)
      .join(""),
  );
}
