const againMs = 20;

/** Waits until something is so. Whoever waits too long is ended by the test's own limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(againMs);
}
