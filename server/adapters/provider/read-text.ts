/**
 * The first `bytesMax` bytes of a body as text; what a cut connection left, where it was cut. The rest is not read and
 * its connection is closed.
 */
export async function readTextUpTo(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < bytesMax) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      length += value.byteLength;
    }
    await reader.cancel();
  } catch (error) {
    pieces.push(new TextEncoder().encode(` (cut short: ${error instanceof Error ? error.message : String(error)})`));
  }
  return Buffer.concat(pieces).subarray(0, bytesMax).toString("utf8");
}
