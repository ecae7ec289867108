/** A process that was itself stopped finds the answer waiting for it: it has this long to read it first. */
const readingMs = 1_000;

/**
 * Calls `giveUp`, once, where the database has given no answer for `answerMsMax` milliseconds; Infinity waits for ever.
 * Returns what ends the wait.
 */
export function awaitAnswer(answerMsMax: number, giveUp: () => void): () => void {
  if (answerMsMax === Number.POSITIVE_INFINITY) return () => {};
  let timer = setTimeout(() => {
    timer = setTimeout(giveUp, readingMs);
  }, answerMsMax);
  return () => clearTimeout(timer);
}
