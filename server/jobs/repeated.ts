/** Work that is done again and again. */
export type Repeated = {
  /** Does no further round, and waits for the one that runs. */
  stop(): Promise<void>;
};

/** A round that failed is followed by a pause of this length at least, in milliseconds: a database that is away fills no log. */
const pauseAfterErrorMs = 1_000;

/**
 * Calls `work` every `everyMs`, counted from the end of the call before: two never run at once.
 * @param onError learns what `work` throws; must not throw. The next round comes all the same.
 */
export function repeat(work: () => Promise<void>, everyMs: number, onError: (error: unknown) => void): Repeated {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const round = async (): Promise<void> => {
    let pauseMs = everyMs;
    try {
      await work();
    } catch (error) {
      onError(error);
      pauseMs = Math.max(everyMs, pauseAfterErrorMs);
    }
    if (!isStopped) next(pauseMs);
  };
  const next = (pauseMs: number): void => {
    timer = setTimeout(() => {
      running = round();
    }, pauseMs);
    timer.unref();
  };
  next(everyMs);
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
