/** Bytes of text that a token stands for, about. */
const bytesPerToken = 4;

/** What is left to say of a text whose tokens nobody has counted. */
export function estimatedTokens(textBytes: number): number {
  return Math.ceil(textBytes / bytesPerToken);
}
