import { dataOf } from "../../../gateway/sse-events.ts";
import type { EventFrames } from "../../../http/endpoint.ts";
import { namedFrame } from "../../../http/event-stream.ts";
import { mapFrames } from "../../../http/map-frames.ts";
import { framesOf } from "./event-frames.ts";

/** A logged stream without the padding of its deltas. */
export function withoutObfuscation(frames: EventFrames): EventFrames {
  return mapFrames(frames, (piece) => framesOf(piece).map(bare).join(""));
}

function bare(frame: string): string {
  const data = dataOf(frame);
  if (data === undefined || !data.includes('"obfuscation"')) return frame;
  const { obfuscation: _, ...event } = JSON.parse(data) as { type: string; obfuscation?: string };
  return namedFrame(event.type, JSON.stringify(event));
}
