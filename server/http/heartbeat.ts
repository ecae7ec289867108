/** How often the wheel looks for silent streams, in milliseconds. */
const tickMs = 1_000;

export type Heart = {
  /** Monotonic milliseconds of the last byte that was offered to the reader. */
  lastWriteMs: number;
  /** Called when the stream was silent for as long as the wheel's silence; must not throw. */
  beat(): void;
};

/**
 * One timer for all open streams: a timer for each event would cost more than the event.
 * Proxies and clients close a connection on which nothing moves; a comment line keeps it open.
 */
export class HeartbeatWheel {
  readonly #silenceMs: number;
  readonly #hearts = new Set<Heart>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  add(heart: Heart): void {
    this.#hearts.add(heart);
    this.#timer ??= setInterval(() => this.#tick(), Math.min(tickMs, this.#silenceMs));
  }

  remove(heart: Heart): void {
    this.#hearts.delete(heart);
    if (this.#hearts.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const silentSinceMs = performance.now() - this.#silenceMs;
    for (const heart of this.#hearts) {
      if (heart.lastWriteMs > silentSinceMs) continue;
      heart.lastWriteMs = performance.now();
      heart.beat();
    }
  }
}
