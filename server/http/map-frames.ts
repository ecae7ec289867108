import type { EventFrames } from "./endpoint.ts";

type Piece = Uint8Array | string;

/** A stream with each of its pieces put in other words; one that becomes undefined is left out. */
export async function* mapFrames(frames: EventFrames, toPiece: (piece: Piece) => Piece | undefined): EventFrames {
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      const piece = toPiece(value);
      if (piece !== undefined) yield piece;
    }
  } finally {
    await frames.return("client_left");
  }
}
