import { ApiError } from "@headrace/contract/common/errors.ts";

/**
 * Reads a body piece by piece and gives up when it stays silent. On every way out the body is cancelled, which closes
 * its connection.
 * @param idleMs longest silence in milliseconds, asked anew about once a second.
 * @throws ApiError `upstream_timeout` after such a silence; the signal's reason when it is aborted.
 */
export async function* withIdleLimit(
  body: ReadableStream<Uint8Array>,
  idleMs: () => number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let failure: { readonly error: unknown } | undefined;
  let waitingSinceMs: number | undefined;
  // Cancelling ends a read that waits. The connection may be gone already; closing it twice is no news.
  const close = (): Promise<void> => reader.cancel().catch(() => {});
  const giveUp = (error: unknown): void => {
    failure ??= { error };
    void close();
  };
  const onAbort = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const watch = setInterval(
    () => {
      if (waitingSinceMs === undefined || performance.now() - waitingSinceMs < idleMs()) return;
      giveUp(
        new ApiError("upstream_timeout", `The model's server was silent for ${idleMs() / 1000} seconds. Try again.`),
      );
    },
    Math.max(10, Math.min(1_000, idleMs() / 4)),
  );
  try {
    if (signal.aborted) throw signal.reason;
    for (;;) {
      waitingSinceMs = performance.now();
      const { done, value } = await reader.read();
      waitingSinceMs = undefined;
      if (failure) throw failure.error;
      if (done) return;
      yield value;
    }
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", onAbort);
    await close();
  }
}
