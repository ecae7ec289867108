import { ApiError } from "@headrace/contract/common/errors.ts";

/** How often silent bodies are looked for, in milliseconds; sooner where a shorter silence is allowed. */
const tickMsMax = 1_000;
const tickMsMin = 10;

/** The bodies that are read now: one timer for all of them, since one for each would cost more than a short answer. */
const watched = new Set<LimitedReader>();
let watch: ReturnType<typeof setInterval> | undefined;
let tickMs = Number.POSITIVE_INFINITY;

/**
 * Reads a body piece by piece and gives up when it stays silent. Whoever has one must `close` it: that cancels the body
 * where it has not ended, which closes its connection.
 */
export class LimitedReader {
  /** Longest silence in milliseconds. */
  idleMs: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#giveUp(this.#signal.reason);
  #failure: { readonly error: unknown } | undefined;
  #waitingSinceMs: number | undefined;
  #hasEnded = false;

  constructor(body: ReadableStream<Uint8Array>, idleMs: number, signal: AbortSignal) {
    this.#reader = body.getReader();
    this.idleMs = idleMs;
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
    startWatching(this);
  }

  /**
   * The next piece; undefined at the end.
   * @throws ApiError `upstream_timeout` after a silence of `idleMs`; the signal's reason when it is aborted.
   */
  async read(): Promise<Uint8Array | undefined> {
    this.#throwIfGivenUp();
    this.#waitingSinceMs = performance.now();
    const { done, value } = await this.#reader.read();
    this.#waitingSinceMs = undefined;
    this.#throwIfGivenUp();
    this.#hasEnded = done;
    return value;
  }

  /** The first call counts. */
  close(): void {
    if (!watched.delete(this)) return;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (!this.#hasEnded) this.#cancel();
  }

  /** For the timer. */
  giveUpWhenSilent(nowMs: number): void {
    if (this.#waitingSinceMs === undefined || nowMs - this.#waitingSinceMs < this.idleMs) return;
    this.#giveUp(
      new ApiError("upstream_timeout", `The model's server was silent for ${this.idleMs / 1000} seconds. Try again.`),
    );
  }

  #throwIfGivenUp(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #giveUp(error: unknown): void {
    this.#failure ??= { error };
    this.#cancel();
  }

  /** Ends a read that waits. The connection may be gone already; closing it twice is no news. */
  #cancel(): void {
    void this.#reader.cancel().catch(() => {});
  }
}

/** The pieces of a body, as `LimitedReader` reads them. */
export async function* withIdleLimit(
  body: ReadableStream<Uint8Array>,
  idleMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new LimitedReader(body, idleMs, signal);
  try {
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) yield piece;
  } finally {
    reader.close();
  }
}

function startWatching(reader: LimitedReader): void {
  watched.add(reader);
  const wantedMs = Math.max(tickMsMin, Math.min(tickMsMax, reader.idleMs / 4));
  if (wantedMs >= tickMs) return;
  clearInterval(watch);
  tickMs = wantedMs;
  watch = setInterval(lookForSilence, tickMs);
  watch.unref();
}

/** It ends itself where nothing is read any more: a timer that came and went with each answer would cost what it saves. */
function lookForSilence(): void {
  const nowMs = performance.now();
  for (const reader of watched) reader.giveUpWhenSilent(nowMs);
  if (watched.size > 0) return;
  clearInterval(watch);
  tickMs = Number.POSITIVE_INFINITY;
}
