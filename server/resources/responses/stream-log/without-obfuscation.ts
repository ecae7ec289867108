import { dataOf } from "../../../gateway/sse-events.ts";
import type { EventFrames } from "../../../http/endpoint.ts";
import { namedFrame } from "../../../http/event-stream.ts";
import { framesOf } from "./event-frames.ts";

/** A logged stream without the padding of its deltas. */
export async function* withoutObfuscation(frames: EventFrames): EventFrames {
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      yield framesOf(value).map(bare).join("");
    }
  } finally {
    await frames.return("client_left");
  }
}

function bare(frame: string): string {
  const data = dataOf(frame);
  if (data === undefined || !data.includes('"obfuscation"')) return frame;
  const { obfuscation: _, ...event } = JSON.parse(data) as { type: string; obfuscation?: string };
  return namedFrame(event.type, JSON.stringify(event));
}
