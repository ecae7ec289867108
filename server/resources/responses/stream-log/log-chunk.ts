import { zstdDecompressSync } from "node:zlib";
import { zstdOfText } from "../../../adapters/zstd/zstd.ts";

/** Consecutive events of one stream, each as the frame that is sent. */
export type LogChunk = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Whether the stream ends with it. */
  readonly isLast: boolean;
  /** Whole frames, compressed: deltas repeat each other so much that this takes a tenth of the room. */
  readonly bytes: Uint8Array;
};

const frameEnd = "\n\n";

/**
 * @param frames of the events from `firstSequence` on; at least one.
 * @param count of events, where a text holds the frames of several.
 */
export function packChunk(
  firstSequence: number,
  frames: readonly string[],
  isLast: boolean,
  count = frames.length,
): LogChunk {
  return {
    firstSequence,
    lastSequence: firstSequence + count - 1,
    isLast,
    bytes: zstdOfText(frames.join("")),
  };
}

/** A chunk's frames behind the event with the number `after`. */
export function framesAfter(chunk: LogChunk, after: number): string[] {
  // JSON holds no bare line feed, so an empty line is the end of a frame and nothing else.
  const frames = zstdDecompressSync(chunk.bytes).toString("utf8").split(frameEnd).slice(0, -1);
  return frames.slice(Math.max(0, after + 1 - chunk.firstSequence)).map((frame) => frame + frameEnd);
}
