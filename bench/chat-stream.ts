export type StreamSpeed = { readonly tokens: number; readonly tokensPerSecond: number };

/**
 * Reads a chat stream to its end. The speed is counted from the first token on, since that one holds the prompt.
 * @throws Error where the answer is none, or did not come to its end: no figure is made of a failure.
 */
export async function readChatStream(response: Response): Promise<StreamSpeed> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let firstMs = 0;
  let lastMs = 0;
  let tokens = 0;
  let tail = "";
  for await (const bytes of response.body ?? []) {
    const text = decoder.decode(bytes, { stream: true });
    tail = (tail + text).slice(-100);
    const count = text.split('"finish_reason":null').length - 1;
    if (count === 0) continue;
    if (tokens === 0) firstMs = performance.now();
    tokens += count;
    lastMs = performance.now();
  }
  if (!tail.endsWith("data: [DONE]\n\n")) throw new Error(`the stream broke off: ${tail}`);
  return { tokens, tokensPerSecond: (tokens - 1) / ((lastMs - firstMs) / 1000) };
}
