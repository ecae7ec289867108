/** The wheel keeps pauses of up to half a turn; a longer one gets a timer of its own. */
const slotsCount = 1024;
const slotMs = 1;

/** Timers by the thousand for one: what is due is called in a wheel of 1 ms slots, instead of one timer for each stream. */
export class Pacer {
  readonly #slots: (() => void)[][] = Array.from({ length: slotsCount }, () => []);
  readonly #startedAtMs = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #turned = 0;
  #waiting = 0;

  /** Calls back once, after about `delayMs`. */
  after(delayMs: number, due: () => void): void {
    const slots = Math.max(1, Math.round(delayMs / slotMs));
    if (slots >= slotsCount / 2) return void setTimeout(due, delayMs);
    if (this.#waiting === 0) this.#turned = this.#now();
    this.#slots[(this.#now() + slots) % slotsCount]?.push(due);
    this.#waiting++;
    this.#timer ??= setInterval(() => this.#turn(), slotMs);
  }

  #now(): number {
    return Math.floor((performance.now() - this.#startedAtMs) / slotMs);
  }

  #turn(): void {
    const now = this.#now();
    while (this.#turned <= now) {
      const index = this.#turned % slotsCount;
      const due = this.#slots[index] ?? [];
      this.#slots[index] = [];
      this.#turned++;
      this.#waiting -= due.length;
      for (const call of due) call();
    }
    if (this.#waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
