import type { AnswerBody } from "../../ports/upstream.ts";

/**
 * The first `bytesMax` bytes of a body as text; what a cut connection left, where it was cut. The rest is not read and
 * its connection is closed.
 */
export async function readTextUpTo(body: AnswerBody, bytesMax: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < bytesMax) {
      const piece = await body.read();
      if (piece === undefined) break;
      pieces.push(piece);
      length += piece.byteLength;
    }
  } catch (error) {
    pieces.push(new TextEncoder().encode(` (cut short: ${error instanceof Error ? error.message : String(error)})`));
  } finally {
    body.cancel();
  }
  return Buffer.concat(pieces).subarray(0, bytesMax).toString("utf8");
}
