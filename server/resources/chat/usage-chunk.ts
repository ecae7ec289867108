import { splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";

const noChoices = /"choices"\s*:\s*\[\s*\]/;
const decoder = new TextDecoder();

/**
 * Leaves out the chunk that only carries the usage, for callers who did not ask for it: many of them read `choices[0]`
 * of every chunk. The usage chunk is the only one without choices, so pieces that hold no such chunk pass as they are.
 */
export async function* withoutUsageChunk(frames: EventFrames): EventFrames {
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      const text = typeof value === "string" ? value : decoder.decode(value);
      if (!noChoices.test(text)) {
        yield value;
        continue;
      }
      const kept = splitEvents(text)
        .filter((event) => !isUsageOnly(event))
        .map((event) => `${event}\n\n`)
        .join("");
      if (kept !== "") yield kept;
    }
  } finally {
    await frames.return("client_left");
  }
}

function isUsageOnly(event: string): boolean {
  // A text may hold the same characters, but inside a JSON string its quotes are escaped.
  return noChoices.test(event) && /"usage"\s*:\s*\{/.test(event);
}
