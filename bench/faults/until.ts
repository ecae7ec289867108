const againMs = 20;

/** Waits until something is so. Whoever waits too long is ended by the test's own limit, which says where it stood. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(againMs);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
