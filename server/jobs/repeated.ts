/** Work that is done again and again. */
export type Repeated = {
  /** Does no further round, and waits for the one that runs. */
  stop(): Promise<void>;
};

/**
 * Calls `work` every `everyMs`, counted from the end of the call before: two never run at once.
 * @param onError learns what `work` throws; the next round comes all the same.
 */
export function repeat(work: () => Promise<void>, everyMs: number, onError: (error: unknown) => void): Repeated {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const next = (): void => {
    timer = setTimeout(() => {
      running = work()
        .catch(onError)
        .then(() => {
          if (!isStopped) next();
        });
    }, everyMs);
    timer.unref();
  };
  next();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
