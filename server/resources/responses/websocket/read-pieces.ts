/** A stream's pieces; it is cancelled as soon as nobody is there for them any more, also while it is silent. */
export async function* readPieces(
  stream: ReadableStream<Uint8Array>,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  // A stream that broke has thrown at its reader already.
  const cancel = (): Promise<void> => reader.cancel().catch(() => {});
  const leave = (): void => void cancel();
  if (gone.aborted) leave();
  else gone.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    gone.removeEventListener("abort", leave);
    await cancel();
  }
}
